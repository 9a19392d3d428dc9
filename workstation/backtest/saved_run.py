"""A result with its prices as JSON and back, so that a report can be made anew without the run.

After a backtest, for `workstation report`. Exact: floats are written shortest, so that they come back the same.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from workstation.backtest.report_page import Report
from workstation.domain.errors import UserError

VERSION = 1


class SavedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds. version: of its form."""

    version: int
    report: Report


def encoded(report: Report) -> bytes:
    """Return a run as JSON; the same run gives the same bytes."""
    return msgspec.json.encode(SavedRun(version=VERSION, report=report), enc_hook=_listed)


def decoded(raw: bytes) -> Report:
    """Return the run that `encoded` wrote.

    Raises:
        UserError: the bytes are none, or of another version.
    """
    try:
        saved = msgspec.json.decode(raw, type=SavedRun, dec_hook=_array)
    except msgspec.DecodeError as error:
        raise UserError(f"this is no saved run: {error}") from error
    if saved.version != VERSION:
        raise UserError(f"a saved run of version {saved.version}; this program reads version {VERSION}")
    return saved.report


def _listed(value: object) -> object:
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.tolist()]
    raise NotImplementedError(f"{type(value).__name__} is not written")


def _array(kind: Callable[..., Any], value: Any) -> object:
    if getattr(kind, "__origin__", kind) is not np.ndarray:
        raise NotImplementedError(f"{kind} is not read")
    dtype, rows = value
    if dtype not in ("<i8", "<f8"):
        raise ValueError(f"{dtype} is no column")
    return np.array(rows, dtype=dtype)
