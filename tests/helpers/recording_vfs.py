"""A virtual file system under the shipped SQLite that records every write and sync, and fails them on demand.

The library exports `sqlite3_vfs_register`, so no second copy of SQLite is needed: the system's own VFS is copied, its
`xOpen` and `xDelete` replaced, and in the method table of each opened file `xWrite`, `xTruncate` and `xSync`. Calls are
recorded in order with their bytes. From the record, `image` builds the files that a power cut at one moment may leave:
what was synced is there; each 512-byte sector written since the file's last sync is there or not, by chance. Creation
and deletion of files take effect at once; shared memory is not part of an image.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
FULL, IO_FSYNC, IO_WRITE = 13, 10 | 4 << 8, 10 | 3 << 8

_POINTER = ctypes.c_void_p
_METHODS = (
    "xClose", "xRead", "xWrite", "xTruncate", "xSync", "xFileSize", "xLock", "xUnlock", "xCheckReservedLock",
    "xFileControl", "xSectorSize", "xDeviceCharacteristics", "xShmMap", "xShmLock", "xShmBarrier", "xShmUnmap",
    "xFetch", "xUnfetch",
)  # fmt: skip


class _Methods(ctypes.Structure):
    _fields_ = [("iVersion", ctypes.c_int), *[(name, _POINTER) for name in _METHODS]]


class _File(ctypes.Structure):
    _fields_ = [("pMethods", ctypes.POINTER(_Methods))]


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", _POINTER),
        ("zName", ctypes.c_char_p),
        ("pAppData", _POINTER),
        *[
            (name, _POINTER)
            for name in ("xOpen", "xDelete", "xAccess", "xFullPathname", "xDlOpen", "xDlError", "xDlSym", "xDlClose")
        ],
        *[(name, _POINTER) for name in ("xRandomness", "xSleep", "xCurrentTime", "xGetLastError", "xCurrentTimeInt64")],
        *[(name, _POINTER) for name in ("xSetSystemCall", "xGetSystemCall", "xNextSystemCall")],
    ]


# The name stays a bare pointer: SQLite keeps it, and a copy made for the callback would dangle.
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, _POINTER, ctypes.c_int, _POINTER)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_int)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_int)


@dataclass(frozen=True)
class Step:
    """One recorded call; kind is write, truncate, sync, delete or mark."""

    kind: str
    path: str = ""
    offset: int = 0
    data: bytes = b""
    number: int = 0


class RecordingVfs:
    """Registered under `name` until `unregister`. `fail(kind, path)` may return an SQLite error code for a call."""

    def __init__(self, name: str) -> None:
        from pysqlite3 import _sqlite3

        self.name = name
        self.steps: list[Step] = []
        self.recording = False
        self.fail: Callable[[str, str], int] = lambda _kind, _path: 0
        self._library = ctypes.CDLL(_sqlite3.__file__)
        self._library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        system = self._library.sqlite3_vfs_find(None)
        self._vfs = _Vfs.from_buffer_copy(system.contents)
        self._vfs.zName = name.encode()
        self._system_open, self._system_delete = _OPEN(self._vfs.xOpen), _DELETE(self._vfs.xDelete)
        self._own = (_OPEN(self._open), _DELETE(self._delete))
        self._vfs.xOpen, self._vfs.xDelete = (ctypes.cast(call, _POINTER) for call in self._own)
        self._paths: dict[int, str] = {}
        self._tables: dict[int, tuple[object, ...]] = {}
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 0)

    def unregister(self) -> None:
        """Take the file system out again; no file may be open in it."""
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))

    def mark(self, number: int) -> None:
        """Note a moment of the test's own, such as an acknowledgement."""
        if self.recording:
            self.steps.append(Step("mark", number=number))

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out_flags: int) -> int:
        result = self._system_open(vfs, name, file, flags, out_flags)
        opened = ctypes.cast(file, ctypes.POINTER(_File)).contents
        if result == 0 and opened.pMethods and name is not None:
            self._paths[file] = ctypes.string_at(name).decode()
            opened.pMethods = self._patched(opened.pMethods)
        return int(result)

    def _delete(self, vfs: int, name: bytes, sync_folder: int) -> int:
        self._note(Step("delete", name.decode()))
        return int(self._system_delete(vfs, name, sync_folder))

    def _patched(self, methods: ctypes._Pointer[_Methods]) -> ctypes._Pointer[_Methods]:
        address = ctypes.addressof(methods.contents)
        if address not in self._tables:
            copy = _Methods.from_buffer_copy(methods.contents)
            write, truncate, sync = _WRITE(copy.xWrite), _TRUNCATE(copy.xTruncate), _SYNC(copy.xSync)

            def own_write(file: int, data: int, size: int, offset: int) -> int:
                path = self._paths[file]
                failed = self.fail("write", path)
                if failed:
                    return failed
                self._note(Step("write", path, offset, ctypes.string_at(data, size) if self.recording else b""))
                return int(write(file, data, size, offset))

            def own_truncate(file: int, size: int) -> int:
                self._note(Step("truncate", self._paths[file], size))
                return int(truncate(file, size))

            def own_sync(file: int, flags: int) -> int:
                path = self._paths[file]
                failed = self.fail("sync", path)
                if failed:
                    return failed
                result = int(sync(file, flags))
                self._note(Step("sync", path))
                return result

            own = (_WRITE(own_write), _TRUNCATE(own_truncate), _SYNC(own_sync))
            copy.xWrite, copy.xTruncate, copy.xSync = (ctypes.cast(call, _POINTER) for call in own)
            self._tables[address] = (copy, own, write, truncate, sync)
        return ctypes.pointer(self._tables[address][0])

    def _note(self, step: Step) -> None:
        if self.recording:
            self.steps.append(step)


def image(base: dict[str, bytes], steps: list[Step], rng: random.Random) -> dict[str, bytes]:
    """Return the files after a power cut behind `steps`, which began on files with the content `base`."""
    last_sync = {step.path: index for index, step in enumerate(steps) if step.kind == "sync"}
    files = {path: bytearray(content) for path, content in base.items()}
    for index, step in enumerate(steps):
        content = files.setdefault(step.path, bytearray())
        if step.kind == "delete":
            files.pop(step.path)
        elif step.kind == "truncate":
            del content[step.offset :]
        elif step.kind == "write":
            synced = index < last_sync.get(step.path, -1)
            for at in range(0, len(step.data), SECTOR):
                if synced or rng.random() < 0.5:
                    _place(content, step.offset + at, step.data[at : at + SECTOR])
    return {path: bytes(content) for path, content in files.items() if path}


def write_image(files: dict[str, bytes], folder: Path) -> None:
    """Write an image's files into a folder, under their own names."""
    for path, content in files.items():
        (folder / Path(path).name).write_bytes(content)


def _place(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset + len(data):
        content.extend(bytes(offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data
