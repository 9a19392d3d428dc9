"""Day values: what each holder of a live permit has traded in the trading day, and what its live orders still may.

A holder is an API key or a strategy, with all of its runs. Only LIVE accounts are counted, in the currency of what is
traded. Folded, so that a restart forgets none: fills are kept, what still works is counted anew from the open orders.
An exit or a leg behind an entry counts once it trades, since no cap holds it up. What a venue takes back is not given
back.
"""

from collections.abc import Iterator

from workstation.domain.accounts import Environment
from workstation.domain.events import TradingDayRolled
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.instruments import Instrument
from workstation.domain.orders import LegRole, OrderState, Origin, OriginKind
from workstation.domain.records import LOCAL_TENANT, StrategyRun
from workstation.domain.records.book import RecordBook

_LIVE = Environment.LIVE

DayRow = tuple[str, str, str, int]
"""Holder, account, currency, money that has traded."""

_Place = tuple[str, str]
"""Account and currency."""


def holder_of(records: RecordBook, origin: Origin, run_id: str) -> str:
    """Return the id of the strategy or the API key whose permit an order goes by, "" where it needs none."""
    if origin.kind is OriginKind.STRATEGY:
        run = records.find(StrategyRun, LOCAL_TENANT, run_id)
        return "" if run is None else run.strategy_id
    return origin.detail if origin.kind is OriginKind.REST else ""


def counts_for_a_permit(environment: Environment | None, origin: Origin) -> bool:
    """Tell whether an order is one that a permit bounds."""
    return environment is _LIVE and origin.kind in (OriginKind.STRATEGY, OriginKind.REST)


class DayValues:
    """Money by holder, account and currency; 0 or above."""

    def __init__(self) -> None:
        self._traded: dict[str, dict[_Place, int]] = {}
        self._working: dict[str, dict[_Place, int]] = {}
        self._held: dict[str, tuple[str, _Place, int]] = {}

    def on_order(self, holder: str, order: OrderState, instrument: Instrument, worst: int) -> None:
        """Take in what an order may still trade. worst: money of its currency, 0 for one that is no longer live."""
        self._give_back(order.cl_ord_id)
        leg = order.link is not None and order.link.role is not LegRole.ENTRY
        if worst and holder and not leg and not order.terms.reduce_only:
            place = order.terms.account, instrument.currency
            self._held[order.cl_ord_id] = holder, place, worst
            _add(self._working, holder, place, worst)

    def on_fill(self, holder: str, fill: Execution, instrument: Instrument) -> None:
        """Count a trade."""
        if holder and fill.kind is ExecKind.TRADE:
            value = abs(instrument.notional(fill.last_px, fill.last_qty))
            _add(self._traded, holder, (fill.account, instrument.currency), value)

    def of(self, holder: str, without: str = "") -> Iterator[tuple[str, int]]:
        """Yield (currency, money) that a holder has traded and may still trade, leaving out one live order."""
        for totals in (self._traded, self._working):
            for (_account, currency), value in totals.get(holder, {}).items():
                yield currency, value
        held = self._held.get(without)
        if held is not None and held[0] == holder:
            yield held[1][1], -held[2]

    def apply(self, event: TradingDayRolled) -> None:
        """Begin an account's new trading day."""
        for totals in self._traded.values():
            for place in [place for place in totals if place[0] == event.account]:
                del totals[place]

    def dump(self) -> list[DayRow]:
        """Return what has traded, for a snapshot, equal for equal states."""
        rows = self._traded.items()
        return sorted((holder, *place, value) for holder, totals in rows for place, value in totals.items())

    def load(self, rows: list[DayRow]) -> None:
        """Replace everything by what `dump` returned; live orders are to be told of anew."""
        for totals in (self._traded, self._working):
            totals.clear()
        self._held.clear()
        for holder, account, currency, value in rows:
            _add(self._traded, holder, (account, currency), value)

    def _give_back(self, cl_ord_id: str) -> None:
        held = self._held.pop(cl_ord_id, None)
        if held is not None:
            _add(self._working, held[0], held[1], -held[2])


def _add(totals: dict[str, dict[_Place, int]], holder: str, place: _Place, value: int) -> None:
    places = totals.setdefault(holder, {})
    places[place] = places.get(place, 0) + value
