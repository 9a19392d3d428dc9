"""Alerts on a price as lines: which alerts are one, and what creating or moving a line keeps. Pure; sends nothing.

Beside the tick walk. A line is an alert whose whole condition compares last, bid, ask or mid with one price. On which
side it waits follows from where the market is, so that it never fires where it is put.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from workstation.domain.alerts import Alert, AlertRow, AlertState
from workstation.domain.instruments import Instrument
from workstation.viewmodels.alerts import words_of
from workstation.viewmodels.chart_marks import AlertLine
from workstation.viewmodels.frames import QuoteSnap

NO_MARKET = "There is no price yet, so that an alert could not know on which side to wait."
_LEVEL = re.compile(r"\s*(last|bid|ask|mid)\s*(>=|<=|>|<)\s*(-?\d{1,15}(?:\.\d{1,9})?)\s*", re.ASCII)
_WAITING = frozenset({AlertState.ARMED, AlertState.SUSPENDED, AlertState.SNOOZED})


def level_of(alert: Alert) -> tuple[str, Decimal] | None:
    """Return which price an alert watches and the level it waits for, None where its condition is anything else."""
    found = _LEVEL.fullmatch(alert.condition)
    return None if found is None else (found.group(1), Decimal(found.group(3)))


def alert_lines(symbol: str, rows: Iterable[AlertRow]) -> list[AlertLine]:
    """Return the lines of the alerts on an instrument that wait for one price."""
    lines = []
    for row in rows:
        level = level_of(row.alert)
        if level is not None and row.alert.symbol == symbol and row.state in _WAITING:
            note = "" if row.state is AlertState.ARMED else f"  {row.state.lower()}: {row.remark}".rstrip(": ")
            lines.append(AlertLine(row.alert.id, float(level[1]), words_of(row.alert) + note))
    return lines


def alert_at(instrument: Instrument, quote: QuoteSnap | None, units: int, account: str) -> Alert | None:
    """Return a new alert that waits for the last price to reach a price, None where there is no market to judge by."""
    condition = _condition(instrument, quote, "last", units)
    return Alert(symbol=instrument.symbol, account=account, condition=condition) if condition else None


def moved_alert(alert: Alert, instrument: Instrument, quote: QuoteSnap | None, units: int) -> Alert | None:
    """Return an alert moved to another price, armed anew; None where there is no market to judge by.

    A name that only repeats the old condition goes; any other stays.
    """
    level = level_of(alert)
    condition = _condition(instrument, quote, level[0], units) if level is not None else ""
    if not condition:
        return None
    name = "" if alert.name == f"{alert.symbol} {alert.condition}" else alert.name
    return msgspec.structs.replace(alert, condition=condition, name=name, is_on=True, holds=None)


def _condition(instrument: Instrument, quote: QuoteSnap | None, name: str, units: int) -> str:
    market = _market(quote, name)
    if market is None:
        return ""
    side = ">" if units == market else ">=" if units > market else "<="
    return f"{name} {side} {Decimal(units).scaleb(-instrument.price_decimals):f}"


def _market(quote: QuoteSnap | None, name: str) -> float | None:
    if quote is None:
        return None
    if name == "mid":
        return None if quote.bid is None or quote.ask is None else (quote.bid + quote.ask) / 2
    return {"last": quote.last, "bid": quote.bid, "ask": quote.ask}[name]
