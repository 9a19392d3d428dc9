"""Reports: rows and totals of a span of time, the same for a script, a file and a screen.

A total is the exact sum of what its rows show: cells are decimals as they are shown, and sums are taken of those, so
that whoever adds the rows gets the total to the last digit. Qt-free; reads rows that were given to it, decides nothing.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from enum import StrEnum

import msgspec

from workstation.domain.cells import FORMULA_STARTS

Cell = str | int | bool | None
SUM_DIGITS = 60
"""Digits of a total: more than any report can need, so that no sum is rounded."""


class ColumnType(StrEnum):
    """What a column holds. DECIMAL: a plain decimal as text, summed where the report says so."""

    TEXT = "text"
    DECIMAL = "decimal"
    INTEGER = "integer"
    TIME = "time"
    BOOLEAN = "boolean"


class Column(msgspec.Struct, frozen=True):
    """One column. summed: its cells have a total."""

    name: str
    type: ColumnType = ColumnType.TEXT
    summed: bool = False


class ReportForm(msgspec.Struct, frozen=True):
    """A report's name, what it tells and its columns, which are the same within this version."""

    name: str
    title: str
    columns: tuple[Column, ...]

    def rows_of(self, bodies: Iterable[Mapping[str, Cell]]) -> list[list[Cell]]:
        """Return rows in the order of the columns, of resources by field name."""
        names = [column.name for column in self.columns]
        return [[body.get(name) for name in names] for body in bodies]

    def totals_of(self, rows: Sequence[Sequence[Cell]]) -> dict[str, str]:
        """Return the sum of each summed column; empty cells count nothing."""
        return {
            column.name: _sum(row[place] for row in rows) for place, column in enumerate(self.columns) if column.summed
        }

    def csv_of(self, rows: Sequence[Sequence[Cell]]) -> str:
        """Return the rows as CSV (RFC 4180) under a line of names; texts that look like formulas are disarmed."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([column.name for column in self.columns])
        for row in rows:
            writer.writerow([_plain(cell, column) for cell, column in zip(row, self.columns, strict=True)])
        return out.getvalue()


def _sum(cells: Iterable[Cell]) -> str:
    with localcontext(prec=SUM_DIGITS):
        return format(sum((Decimal(str(cell)) for cell in cells if cell is not None), Decimal(0)), "f")


def _plain(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = str(cell)
    return f"'{text}" if column.type is ColumnType.TEXT and text.startswith(FORMULA_STARTS) else text


_T, _D, _TIME = ColumnType.TEXT, ColumnType.DECIMAL, ColumnType.TIME


def _decimals(*names: str, summed: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, _D, summed) for name in names)


BLOTTER = ReportForm(
    "blotter",
    "Orders by the time of their creation",
    (
        Column("created_at", _TIME), Column("id"), Column("client_order_id"), Column("broker_account_id"),
        Column("instrument_symbol"), Column("side"), Column("order_type"), Column("time_in_force"), Column("state"),
        *_decimals("quantity", "price", "stop_price", "filled_quantity", "average_price"),
        *_decimals("commission", summed=True), Column("reject_code"), Column("notes"),
    ),
)  # fmt: skip
FILLS = ReportForm(
    "fills",
    "Executions by the venue's time",
    (
        Column("executed_at", _TIME), Column("id"), Column("order_id"), Column("broker_account_id"),
        Column("instrument_symbol"), Column("side"), Column("kind"), *_decimals("quantity", "price"),
        *_decimals("commission", summed=True), Column("currency"), Column("liquidity"), Column("exchange"),
    ),
)  # fmt: skip
POSITIONS = ReportForm(
    "positions",
    "Positions as they stand",
    (
        Column("broker_account_id"), Column("instrument_symbol"),
        *_decimals("quantity", "average_cost", "market_price"),
        *_decimals("market_value", "unrealized_pnl", "realized_pnl", summed=True), Column("last_updated", _TIME),
    ),
)  # fmt: skip
PNL = ReportForm(
    "pnl",
    "P&L snapshots by day and account",
    (
        Column("snapshot_date"), Column("broker_account_id"),
        *_decimals("total_realized_pnl", "total_unrealized_pnl", "total_commission", "net_pnl", summed=True),
        *_decimals("total_market_value", "total_cost_basis"), Column("total_positions", ColumnType.INTEGER),
    ),
)  # fmt: skip
COMMISSIONS = ReportForm(
    "commissions",
    "Commissions by account, instrument and currency",
    (
        Column("broker_account_id"), Column("instrument_symbol"), Column("currency"),
        Column("executions", ColumnType.INTEGER, summed=True), *_decimals("quantity"),
        *_decimals("commission", summed=True),
    ),
)  # fmt: skip
RISK = ReportForm(
    "risk",
    "Limits in force, kill switches, and the orders that risk or compliance refused",
    (
        Column("kind"), Column("time", _TIME), Column("id"), Column("name"), Column("scope"), Column("state"),
        *_decimals("limit"), Column("reason"),
    ),
)  # fmt: skip
FORMS: Mapping[str, ReportForm] = {form.name: form for form in (BLOTTER, FILLS, POSITIONS, PNL, COMMISSIONS, RISK)}
"""Every report by name."""


def commissions_by(fills: Iterable[Mapping[str, Cell]]) -> list[dict[str, Cell]]:
    """Return fills summed by account, instrument and currency, sorted by these."""
    found: dict[tuple[str, str, str], list[Mapping[str, Cell]]] = {}
    for fill in fills:
        key = (str(fill["broker_account_id"]), str(fill["instrument_symbol"]), str(fill["currency"]))
        found.setdefault(key, []).append(fill)
    return [
        {
            "broker_account_id": account,
            "instrument_symbol": symbol,
            "currency": currency,
            "executions": len(rows),
            "quantity": _sum(row["quantity"] for row in rows),
            "commission": _sum(row["commission"] for row in rows),
        }
        for (account, symbol, currency), rows in sorted(found.items())
    ]
