"""The digest of a run: SHA-256 over everything that was decided, so that two runs can be held against each other.

Last step before the result. Canonical JSON of the rows, then the curve's arrays, little-endian; no clock, no address.
"""

import hashlib
from typing import Any

import msgspec
import numpy as np

from workstation.backtest.result import EquityCurve, FillRow
from workstation.backtest.rows import FundingRow
from workstation.domain.orders import Side
from workstation.ports.market_data import MarketHours

_encoder = msgspec.json.Encoder(order="deterministic", enc_hook=str)


def digest_of(parts: dict[str, Any], curve: EquityCurve) -> str:
    """Return 64 hex digits over the parts and the curve."""
    found = hashlib.sha256(_encoder.encode(parts))
    for column in (curve.equity, curve.exposure, curve.cash):
        found.update(np.ascontiguousarray(column, dtype="<f8").data)
    found.update(np.ascontiguousarray(curve.ts, dtype="<i8").data)
    return found.hexdigest()


def hours_digest(hours: MarketHours) -> str:
    """Return 64 hex digits over when a market trades, wherever that came from."""
    return hashlib.sha256(_encoder.encode(msgspec.structs.replace(hours, source=""))).hexdigest()


def funding_digest(rows: tuple[FundingRow, ...]) -> str:
    """Return 64 hex digits over recorded funding."""
    return hashlib.sha256(_encoder.encode(rows)).hexdigest()


def fills_digest(fills: tuple[FillRow, ...], shift: int = 0) -> str:
    """Return the digest that engines are compared by: lines `bar,side,qty,price`, side B or S, joined by newlines.

    shift: subtracted from each bar, 1 to name the bar of the signal where fills come at the next open.
    """
    lines = (
        f"{fill.bar - shift},{'B' if fill.side in (Side.BUY, Side.BUY_TO_COVER) else 'S'},{fill.qty},{fill.price}"
        for fill in fills
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
