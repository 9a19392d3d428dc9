"""Makers of market data for tests, and where the shared folder of real data is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import Aggressor, BookChange, BookSnapshot, Level, Quote, Trade

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
T0 = 1_704_067_200 * SECOND
"""2024-01-01T00:00:00Z, a Monday."""


def instrument(
    symbol: str = "ABC",
    *,
    asset_class: AssetClass = AssetClass.STOCK,
    price_decimals: int = 2,
    qty_decimals: int = 0,
    tick: int = 1,
    calendar: str = "ALWAYS",
) -> Instrument:
    return Instrument(
        symbol=symbol,
        asset_class=asset_class,
        currency="USD",
        price_decimals=price_decimals,
        qty_decimals=qty_decimals,
        ticks=(TickBand(0, tick),),
        calendar=calendar,
    )


def trade(
    price: int, size: int = 100, at: int = 0, *, symbol: str = "ABC", aggressor: Aggressor = Aggressor.UNKNOWN
) -> Trade:
    """Return a trade `at` ns after T0."""
    return Trade(symbol, price, size, aggressor, "", T0 + at, T0 + at)


def quote(
    bid: int | None, ask: int | None, at: int = 0, *, sizes: tuple[int, int] = (100, 100), symbol: str = "ABC"
) -> Quote:
    """Return a quote `at` ns after T0; a missing side has size 0."""
    bid_size, ask_size = (0 if bid is None else sizes[0]), (0 if ask is None else sizes[1])
    return Quote(symbol, bid, bid_size, ask, ask_size, T0 + at, T0 + at)


def levels(*pairs: tuple[int, int]) -> tuple[Level, ...]:
    return tuple(Level(price, size) for price, size in pairs)


def snapshot(
    bids: tuple[Level, ...], asks: tuple[Level, ...], seq: int, at: int = 0, *, symbol: str = "ABC"
) -> BookSnapshot:
    return BookSnapshot(symbol, bids, asks, seq, T0 + at, T0 + at)


def change(
    bids: tuple[Level, ...],
    asks: tuple[Level, ...],
    seq: int,
    at: int = 0,
    *,
    prev: int | None = None,
    symbol: str = "ABC",
) -> BookChange:
    """Return a change of one sequence number that follows the one before it, unless `prev` says otherwise."""
    return BookChange(symbol, bids, asks, seq, seq, seq - 1 if prev is None else prev, T0 + at, T0 + at)


def real_data(name: str) -> Path:
    """Return the path of a file of real market data; the test is skipped where the folder is absent."""
    root = os.environ.get("WORKSTATION_TEST_DATA")
    folder = Path(root) if root else Path(__file__).resolve().parents[3] / "shared" / "data"
    path = folder / name
    if not path.exists():
        pytest.skip(f"real market data {name} is absent: set WORKSTATION_TEST_DATA to its folder")
    return path
