"""Files that take their place whole: whoever reads one meets what was there before, or all of what was written.

For settings, layouts, keys, alerts and marks; what a power cut may not take is written `durable`.
"""

import os
from pathlib import Path

NEW = ".new"
"""Suffix of a file that is being written, beside the one whose place it takes."""


def write_whole(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Write a file, text as UTF-8. durable: its name survives a power cut too, where folders can be synced.

    Raises:
        OSError: it cannot be written; what was there before stays.
    """
    fresh = path.with_name(path.name + NEW)
    with fresh.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable where the system lets folders be synced."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
