"""Set up everything and start it: the one script behind the two commands of the README.

    python3 packaging/bootstrap.py run [arguments of workstation]
    python3 packaging/bootstrap.py test [arguments of pytest]
    python3 packaging/bootstrap.py lock

`run` and `test` make the virtual environment `.venv`, install the hash-pinned lock into it and look for the system
libraries that Qt needs, once; stamps in the environment make the next start immediate. `lock` writes the lock anew.

Only the standard library is used, since nothing else is there yet. The file must parse on Python 3.8, so that an old
interpreter can say in one line that it is too old. Its folder must not become a package: `packaging/__init__.py` would
shadow the library of that name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn, Sequence

PYTHON_MIN, PYTHON_END = (3, 11), (3, 14)
PIP_MIN = (22, 3)  # the first that installs into another interpreter's environment with --python
UV = "uv>=0.7"  # resolves for every system at once, which pip cannot
WORKERS_MAX = 8  # test processes; past that their start costs more than they save

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"run": ROOT / "packaging" / "lock" / "run.txt", "test": ROOT / "packaging" / "lock" / "test.txt"}
VENV = ROOT / ".venv"
STAMP = VENV / "installed.txt"  # says which lock is installed
LIBRARIES_STAMP = VENV / "libraries.txt"  # is there when Qt found every system library
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")

# What the desktop and its tests load of Qt, below site-packages. A library that one of these misses, the system lacks.
QT_PARTS = (
    "PySide6/QtNetwork.abi3.so",
    "PySide6/QtWidgets.abi3.so",
    "PySide6/Qt/plugins/platforms/libqoffscreen.so",
    "PySide6/Qt/plugins/platforms/libqwayland.so",
    "PySide6/Qt/plugins/platforms/libqxcb.so",
    "PySide6QtAds/PySide6QtAds.so",
)

# Programs that tests start, with the package of Debian, Ubuntu, Fedora and openSUSE that brings each.
TEST_PROGRAMS = {"dbus-daemon": "dbus"}

# Which package of Debian and Ubuntu brings a library, where the one does not follow from the other.
DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libz.so.1": "zlib1g",
}


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print("==> " + text, flush=True)


def stop(text: str) -> NoReturn:
    """Leave with one readable line on standard error and exit code 1."""
    sys.stdout.flush()
    sys.exit("bootstrap: " + text)


def child_environment() -> dict[str, str]:
    """Return the environment without what would make the new interpreter import somebody else's modules."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}


def succeeds(command: Sequence[object]) -> bool:
    """Run a probe silently; a program that is not there counts as failed."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            env=child_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def execute(command: Sequence[object], failure: str) -> None:
    """Run a step with its output shown; stop with `failure` when it fails."""
    done = subprocess.run([str(word) for word in command], env=child_environment(), check=False)
    if done.returncode != 0:
        stop(f"{failure} (exit code {done.returncode})")


# The virtual environment


def make_environment() -> list[object]:
    """Make `.venv` unless it works already, and return the command that runs pip for it.

    Debian ships Python without ensurepip. Then the system's pip installs into the environment, and where there is no
    pip either, root gets python3-venv from apt and everybody else is told the command.
    """
    version = "{}.{}.{}".format(*sys.version_info[:3])
    if not succeeds([PYTHON, "-c", f"import sys; assert sys.version.split()[0] == {version!r}"]):
        say(f"making {VENV} with Python {version}")
        if not succeeds([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV]):
            install_packages(["python3-venv"], "the module venv is missing")
            execute([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV], "cannot make " + str(VENV))
    pip_inside: list[object] = [PYTHON, "-m", "pip"]
    if succeeds([*pip_inside, "--version"]) or succeeds([PYTHON, "-m", "ensurepip"]):
        return pip_inside
    pip_outside: list[object] = [sys.executable, "-m", "pip", "--python", PYTHON]
    if pip_version() >= PIP_MIN:
        say("this Python has no ensurepip: the system's pip installs into the environment")
        return pip_outside
    install_packages(["python3-venv"], "neither ensurepip nor pip {}.{} or later is there".format(*PIP_MIN))
    execute([PYTHON, "-m", "ensurepip"], "cannot install pip into " + str(VENV))
    return pip_inside


def pip_version() -> tuple[int, ...]:
    """Return major and minor of the pip that belongs to this interpreter, (0, 0) without one."""
    done = subprocess.run([sys.executable, "-m", "pip", "--version"], stdout=subprocess.PIPE, text=True, check=False)
    words = done.stdout.split()
    return tuple(int(part) for part in words[1].split(".")[:2]) if len(words) > 1 else (0, 0)


def stamp_of(lock: Path) -> str:
    """Return what the stamp says of an installed lock: its content, the interpreter and where the clone lies."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {sys.version.split()[0]} {ROOT}"


def prepare(group: str) -> bool:
    """Bring the environment up to the lock of `group` and return whether Qt finds all its system libraries.

    The lock for tests holds everything that the one for running holds, so either satisfies `run`.
    """
    satisfying = {stamp_of(LOCKS[name]) for name in (group, "test")}
    if not (PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") in satisfying):
        install(group)
    if not LIBRARIES_STAMP.exists() and find_system_libraries():
        LIBRARIES_STAMP.touch()
    return LIBRARIES_STAMP.exists()


def install(group: str) -> None:
    """Install the lock of `group` into the environment, and the clone itself by a path file; stamp it when done."""
    pip = make_environment()
    for stamp in (STAMP, LIBRARIES_STAMP):
        stamp.unlink(missing_ok=True)
    say(f"installing {LOCKS[group].relative_to(ROOT).as_posix()} (about 300 MB on the first run)")
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    flags = ["--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary", ":all:", "--no-deps"]
    execute([*pip, "install", *quiet, *flags, "--requirement", LOCKS[group]], "cannot install the lock")
    execute([PYTHON, "-m", "compileall", "-q", ROOT / "workstation"], "cannot compile the program")
    (site_packages() / "workstation.pth").write_text(str(ROOT) + "\n", encoding="utf-8")
    STAMP.write_text(stamp_of(LOCKS[group]), encoding="utf-8")


def site_packages() -> Path:
    """Return where the environment keeps its packages."""
    return Path(read([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())


def read(command: Sequence[object]) -> str:
    """Return what a command prints on standard output, whatever its exit code."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=child_environment(), stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout


# System libraries


def missing_libraries() -> list[str]:
    """Return the sonames that the loader does not find for Qt, sorted; on other systems than Linux there are none."""
    if not sys.platform.startswith("linux") or shutil.which("ldd") is None:
        return []
    parts = [site_packages() / part for part in QT_PARTS]
    lines = read(["ldd", *(part for part in parts if part.exists())]).splitlines()
    return sorted({line.split()[0] for line in lines if line.endswith("=> not found")})


def debian_package(soname: str) -> str:
    """Return the package of a library: `libxcb-icccm.so.4` is in `libxcb-icccm4`, odd ones are in the table."""
    stem, _, version = soname.partition(".so.")
    return DEBIAN_PACKAGES.get(soname, stem.lower() + version)


def find_system_libraries() -> bool:
    """Install the system libraries that Qt misses, or print the one command that does; return whether all are there."""
    missing = missing_libraries()
    if not missing:
        return True
    say("Qt misses system libraries: " + " ".join(missing))
    if shutil.which("apt-get"):
        packages = sorted({debian_package(soname) for soname in missing})
        if os.geteuid() != 0:
            say("install them with: sudo apt-get install -y " + " ".join(packages))
            return False
        install_packages(packages, "Qt misses libraries")
    else:
        installer = next((name for name in ("dnf", "zypper") if shutil.which(name)), None)
        by_soname = " ".join(f"'{soname}()(64bit)'" for soname in missing)
        say(f"install them with: sudo {installer} install {by_soname}" if installer else "install what brings them")
        return False
    missing = missing_libraries()
    if missing:
        say("still missing: " + " ".join(missing))
    return not missing


def find_test_programs() -> None:
    """Install the programs that tests start, or print the one command that does.

    Nothing ends without them: the tests that start one fail by name and say so, all others run.
    """
    missing = [name for name in sorted(TEST_PROGRAMS) if shutil.which(name) is None]
    if not missing or not sys.platform.startswith("linux"):
        return
    say("the tests miss programs: " + " ".join(missing))
    packages = sorted({TEST_PROGRAMS[name] for name in missing})
    installer = next((name for name in ("apt-get", "dnf", "zypper") if shutil.which(name)), None)
    if installer == "apt-get" and os.geteuid() == 0:
        try:
            install_packages(packages, "the tests miss programs")
        except SystemExit as stopped:
            say(str(stopped.code))
    else:
        words = " ".join(packages)
        say(f"install them with: sudo {installer} install -y {words}" if installer else "install what brings them")


def install_packages(packages: Sequence[str], reason: str) -> None:
    """Install Debian packages as root; stop with the command for the user to type where that is not possible."""
    command = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if shutil.which("apt-get") is None:
        stop("{}; install what your system calls {}".format(reason, ", ".join(packages)))
    if os.geteuid() != 0:
        stop(f"{reason}; run: sudo {command}")
    say(command)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    quiet = ["-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"]
    execute(["apt-get", *quiet, "update"], "cannot read the package lists")
    install = ["apt-get", *quiet, *command.split()[1:]]
    done = subprocess.run(install, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        stop("apt-get failed:\n" + done.stdout)


# The three commands

CHECKS = (
    ("ruff check", (SCRIPTS / "ruff", "check", ".")),
    ("ruff format", (SCRIPTS / "ruff", "format", "--check", ".")),
    ("lint-imports", (SCRIPTS / "lint-imports", "--no-logo")),
)
TYPES = ("mypy --strict", (PYTHON, "-m", "mypy", "--strict", "-p", "workstation"))
"""Name and command of each static check."""


def run(arguments: Sequence[str]) -> int:
    """Start the workstation with these arguments; on POSIX it takes this process's place, so that signals reach it."""
    complete = prepare("run")
    command_named = bool(arguments) and not arguments[0].startswith("-")
    if not (complete or command_named or "--headless" in arguments):
        stop("the desktop needs these libraries; --headless works without them")
    command = [str(PYTHON), "-P", "-m", "workstation", *arguments]
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, child_environment())  # noqa: S606 - no shell on purpose
    return subprocess.run(command, env=child_environment(), check=False).returncode


def test(arguments: Sequence[str]) -> int:
    """Check style, imports and types and run the tests; without a failed check pytest's closing line is the last.

    Everything runs, whatever fails. The check of types takes half a minute of one processor and runs beside the tests.
    What failed of the checks is shown after the tests, so that a green closing line hides nothing.
    """
    if not prepare("test"):
        stop("the tests need these libraries")
    find_test_programs()
    failed = [name for name, command in CHECKS if not passes(name, check(command))]
    workers = str(min(os.cpu_count() or 1, WORKERS_MAX))
    say(f"pytest in {workers} processes, {TYPES[0]} beside it")
    pytest = [str(PYTHON), "-m", "pytest", "-n", workers, "--dist", "worksteal", *arguments]
    types = check(TYPES[1])
    code = subprocess.run(pytest, cwd=str(ROOT), env=child_environment(), check=False).returncode
    if not passes(TYPES[0], types, quiet=True):
        failed.append(TYPES[0])
    if failed:
        say("FAILED beside the tests: " + ", ".join(failed))
    return code or int(bool(failed))


def check(command: Sequence[object]) -> subprocess.Popen[str]:
    """Start one static check; what it says is kept in a file, so that it never waits for a reader."""
    kept = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - read when the check has ended
    words = [str(word) for word in command]
    started = subprocess.Popen(
        words, cwd=str(ROOT), env=child_environment(), stdout=kept, stderr=subprocess.STDOUT, text=True
    )
    started.stdout = kept
    return started


def passes(name: str, started: subprocess.Popen[str], quiet: bool = False) -> bool:
    """Wait for a check, say how it ended, show what it said only when it failed, and return whether it passed.

    quiet: say nothing of one that passed.
    """
    passed = started.wait() == 0
    if not (passed and quiet):
        say("{}: {}".format(name, "ok" if passed else "FAILED"))
    with started.stdout as kept:
        if not passed:
            kept.seek(0)
            print(kept.read(), flush=True)
    return passed


def lock(_: Sequence[str]) -> int:
    """Write the lock anew from pyproject.toml, for every supported Python and system at once.

    The resolver asks the public registry alone, whatever mirrors and folders pip is configured with, and the result
    names no host: an installation may come from a mirror, and the hashes say whether it is the same file.
    """
    environment = {key: value for key, value in child_environment().items() if not key.startswith("UV_")}
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / PYTHON.relative_to(VENV)
        execute([sys.executable, "-m", "venv", folder], "cannot make an environment for the resolver")
        execute([python, "-m", "pip", "install", "--quiet", UV], "cannot install the resolver")
        resolve = [str(python), "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet", "--no-config", "--upgrade"]
        resolve += ["--universal", "--python-version", "{}.{}".format(*PYTHON_MIN), "--generate-hashes"]
        resolve += ["--no-annotate", "--no-header"]
        for group, extra in (("run", []), ("test", ["--extra", "test", "--constraint", str(LOCKS["run"])])):
            say("resolving " + group)
            target = LOCKS[group]
            target.parent.mkdir(parents=True, exist_ok=True)
            command = [*resolve, *extra, "--output-file", str(target)]
            subprocess.run(command, cwd=str(ROOT), env=environment, check=True)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Dispatch to the command named first and return its exit code."""
    if not PYTHON_MIN <= sys.version_info[:2] < PYTHON_END:
        found = "{}.{}".format(*sys.version_info[:2])
        stop(f"Python 3.11, 3.12 or 3.13 is needed; this is {found} ({sys.executable})")
    commands = {"run": run, "test": test, "lock": lock}
    if not arguments or arguments[0] not in commands:
        stop("usage: python3 packaging/bootstrap.py run|test|lock [arguments]")
    return commands[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
