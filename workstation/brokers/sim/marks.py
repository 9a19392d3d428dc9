"""Last prices of the synthetic market, in a small file beside the log: a restart goes on from there."""

import contextlib
from pathlib import Path

import msgspec


def read_marks(path: Path | None) -> dict[str, int]:
    """Return the prices kept, empty where there are none or the file cannot be read: they only spare a jump."""
    if path is None or not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except msgspec.DecodeError:
        return {}


def write_marks(path: Path, prices: dict[str, int]) -> None:
    """Replace the file; on a disk that takes nothing the old prices stay."""
    fresh = path.with_suffix(".new")
    with contextlib.suppress(OSError):
        fresh.write_bytes(msgspec.json.encode(prices))
        fresh.replace(path)
