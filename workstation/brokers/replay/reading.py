"""Reading recorded files: lines from gzip, zip or plain files with progress, and numbers without a float on the way.

Used by every decoder of this package. Lines are bounded; a longer one is handed over cut, and fails to decode.
"""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from workstation.domain.errors import ValidationError
from workstation.domain.numbers import parse_scaled

LINE_BYTES_MAX = 4_000_000
"""Longest line that is read as one."""

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"


@contextmanager
def telling_damage(path: Path, *kinds: type[Exception]) -> Iterator[None]:
    """Refuse a file that is not whole. kinds: what else its reader raises then, beside what archives do.

    Raises:
        ValidationError: it cannot be read to its end.
    """
    damage: tuple[type[Exception], ...] = (zlib.error, zipfile.BadZipFile, EOFError, RuntimeError, *kinds)
    try:
        yield
    except damage as error:
        raise ValidationError("file", f"{path.name} is damaged: {error}", allowed="a file that can be read") from error


class LineReader:
    """Lines of one file, each pass from the start. A zip holds its lines in its first member.

    Raises:
        ValidationError: an archive that is damaged, or closed by a password; also while it is read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as raw:
            magic = raw.read(4)
        self._zipped = magic == ZIP_MAGIC
        self._gzipped = magic[:2] == GZIP_MAGIC
        self.done = 0
        self.member = ""
        self.total = path.stat().st_size
        if self._zipped:
            with telling_damage(path), zipfile.ZipFile(path) as archive:
                info = next((info for info in archive.infolist() if not info.is_dir()), None)
            if info is None:
                raise ValidationError("file", f"{path.name} is empty", allowed="a zip with one file of rows")
            self.member, self.total = info.filename, info.file_size

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Begin a pass: line numbers from 1 and the lines, ends of line cut off."""
        self.done = 0
        with telling_damage(self.path):
            if self._zipped:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as lines:
                    yield from self._lines(lines, lines)
            else:
                with self.path.open("rb") as raw:
                    yield from self._lines(gzip.GzipFile(fileobj=raw) if self._gzipped else raw, raw)

    def _lines(self, lines: IO[bytes] | gzip.GzipFile, measured: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        number = 0
        while line := lines.readline(LINE_BYTES_MAX):
            number += 1
            if number % 64 == 1:
                self.done = measured.tell()
            yield number, line.rstrip(b"\r\n")
        self.done = self.total

    def head(self) -> bytes:
        """Return the first line, empty for an empty file."""
        for _, line in self:
            return line
        return b""


def scaled(text: str, decimals: int) -> int:
    """Return decimal text times 10 ** decimals, exactly; the usual full-width form takes the short way.

    Raises:
        PrecisionLoss: not a plain decimal number, or more digits than `decimals`.
    """
    whole, point, fraction = text.partition(".")
    if point and len(fraction) == decimals and whole.isdecimal() and fraction.isdecimal() and text.isascii():
        return int(whole + fraction)
    return parse_scaled(text, decimals)
