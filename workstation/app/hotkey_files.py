"""`workstation hotkeys`: judge a key file, try a key on a written snapshot, bring keys over from another program.

Offline: it sends nothing, and writes nothing but the file that `import --out` names. Findings are printed one a line;
exit code 0 clean, 1 with findings or lines left out, 2 called wrongly.
"""

import argparse
import locale
from collections.abc import Callable
from pathlib import Path

import msgspec

from workstation.config.paths import find_home
from workstation.config.resources import resource_text
from workstation.domain.errors import UserError
from workstation.viewmodels.hotkey_binds import parse_keys
from workstation.viewmodels.hotkey_das import import_das
from workstation.viewmodels.hotkey_dry_run import dry_run, focus_of, read_scene
from workstation.viewmodels.hotkey_file import HotkeyFile, HotkeyFileError, hotkey_text, read_hotkeys
from workstation.viewmodels.hotkey_lint import lint

FOUND = 1


def command(arguments: argparse.Namespace) -> int:
    """Run one action."""
    return _ACTIONS[arguments.action](arguments)


def _lint(arguments: argparse.Namespace) -> int:
    name, file = _keys(arguments)
    findings = lint(file, arguments.layout or _layout())
    for finding in findings:
        print(f"{name}: {finding}")
    print(f"{name}: {len(file.binds)} binds, {len(findings)} findings")
    return FOUND if findings else 0


def _dry_run(arguments: argparse.Namespace) -> int:
    _, file = _keys(arguments)
    chords = parse_keys(arguments.key)
    binds = [bind for bind in file.binds if bind.keys == chords]
    if not binds:
        raise UserError(f"no bind has {arguments.key}")
    try:
        scene = read_scene(_text(Path(arguments.at)))
    except msgspec.DecodeError as error:
        raise UserError(f"{arguments.at}: {error}") from None
    print(dry_run(binds, file, focus_of(scene), focus_age_ms=scene.focus_age_ms))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    found = import_das(_text(Path(arguments.file)))
    if arguments.out is None:
        print(found.text)
    else:
        out = Path(arguments.out)
        if out.exists():
            raise UserError(f"{out.name} exists already; name a new file")
        out.write_text(found.text, encoding="utf-8")
    for unmapped in found.unmapped:
        print(f"# {arguments.file}: {unmapped}")
    print(f"# {found.binds} binds, all disabled; {len(found.unmapped)} lines left out")
    return FOUND if found.unmapped else 0


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "lint": _lint, "dry-run": _dry_run, "import": _import,
}  # fmt: skip


def _keys(arguments: argparse.Namespace) -> tuple[str, HotkeyFile]:
    """Return the named key file, else that of home, else the shipped one, with its name."""
    path = Path(arguments.file) if arguments.file else find_home(arguments.home).hotkeys_file
    shipped = not arguments.file and not path.exists()
    name = "default keys" if shipped else path.name
    try:
        return name, read_hotkeys(resource_text("hotkeys", "default.toml") if shipped else hotkey_text(_bytes(path)))
    except HotkeyFileError as error:
        raise UserError(f"{name}: {error}") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text") from None


def _layout() -> str:
    language = (locale.getlocale()[0] or "").partition("_")[0].lower()
    return language if language not in ("", "c", "en") else "us"
