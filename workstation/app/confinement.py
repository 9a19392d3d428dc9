"""What a process gives up for good before it runs code that nobody vouches for: memory, time, files, network.

Limits come from `resource`, the files from Landlock (Linux 5.13 and later, by its three system calls): what was not on
the path of Python's own modules can be neither read nor written any more. The network is one of its own without a way
out (a Linux namespace). What a system lacks is said, never assumed.
"""

import ctypes
import os
import platform
import sys
from pathlib import Path

FILES_MAX = 64
WRITTEN_MAX = 64 * 1024
"""Most that a file may grow to: what the process says at its end goes to one."""

CPU_BEYOND_S = 1
"""Processor seconds between the signal that says that the time is used up and the one that nothing outlives: at one and
the same bound the system sends the second alone, and nobody learns why the process has ended."""

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVS = 38
_NEW_USER, _NEW_NET = 0x1000_0000, 0x4000_0000
_EXECUTE, _WRITE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_EVERYTHING = (1 << 13) - 1
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_PATH_BENEATH = 1
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def confine(memory_mb: int, cpu_s: int) -> list[str]:
    """Give up what the limits say, for good; returns a sentence for each thing that this system cannot bound."""
    lacking = [] if _shut_network() else ["This system keeps no process from the network: the strategy can reach it."]
    lacking += _bound(memory_mb, cpu_s)
    if not _shut_files():
        lacking.append("This system has no Landlock: the user's files are not kept from the strategy.")
    return lacking


def _shut_network() -> bool:
    """Move into a network of one's own, which leads nowhere; False where the system cannot."""
    if sys.platform != "linux":
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return any(unshare(flags) == 0 for flags in (_NEW_NET, _NEW_USER | _NEW_NET))


def _bound(memory_mb: int, cpu_s: int) -> list[str]:
    if sys.platform == "win32":
        return ["This system has no resource limits: memory and processor time of the strategy are not bounded."]
    import resource  # noqa: PLC0415  not everywhere

    memory = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + CPU_BEYOND_S))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN_MAX, WRITTEN_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    return []


def _shut_files() -> bool:
    """Take away every file but those of Python and of the program; False where the system cannot."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        return False
    call = ctypes.CDLL(None, use_errno=True).syscall
    handled = _Ruleset(_EVERYTHING)
    ruleset = call(_CREATE, ctypes.byref(handled), ctypes.sizeof(handled), 0)
    if ruleset < 0:
        return False
    for path in {*_SYSTEM, sys.base_prefix, sys.prefix, *(entry for entry in sys.path if entry)}:
        if Path(path).exists():
            _allow(call, ruleset, path)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    shut = bool(prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and call(_RESTRICT, ruleset, 0) == 0)
    os.close(ruleset)
    return shut


def _allow(call: "ctypes._FuncPointer", ruleset: int, path: str) -> None:
    opened = os.open(path, os.O_PATH)
    access = _READING if Path(path).is_dir() else _READ_FILE
    rule = _Beneath(access, opened)
    call(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(opened)
