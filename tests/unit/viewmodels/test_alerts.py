"""Alerts judged: they fire when a condition comes to hold, rest, suspend on what is not known, and are kept."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec
import pytest

from tests.helpers.desktop_rig import ACCOUNT, limit, order
from workstation.domain.alerts import HISTORY_MAX, Alert, AlertState
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.expressions.evaluation import Snapshot, Value
from workstation.domain.expressions.vocabulary import Kind
from workstation.domain.orders import OrdStatus
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.marketdata.indicators.own import OwnIndicator, catalogued, figure
from workstation.viewmodels.alerts import VOCABULARY, AlertBook, checked, own_line, own_study_of, study_of

SECOND = 10**9


class Market:
    """The values that an alert reads, and what was told."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {"last": Fraction(186), "fresh": True}
        self.told: list[str] = []
        self.book = AlertBook(self._read, lambda _alert, text: self.told.append(text))
        self.now = 0

    def _read(self, _alert: Alert, _names: frozenset[str]) -> Snapshot:
        return Snapshot(values=self.values, tick=Fraction(1, 100), lot=Fraction(1), point_value=Fraction(1))

    def last(self, price: int, *, after_s: int = 1) -> int:
        """Move the price; returns how many firings that made."""
        before = len(self.told)
        self.values["last"] = Fraction(price)
        self.now += after_s * SECOND
        self.book.check(self.now, ("AAPL",))
        return len(self.told) - before


@pytest.fixture
def market() -> Iterator[Market]:
    return Market()


def above(**changes: object) -> Alert:
    fields: dict[str, object] = {"id": "a1", "symbol": "AAPL", "condition": "last > 187"}
    return msgspec.convert({**fields, **changes}, Alert)


def test_an_alert_fires_once_when_its_condition_comes_to_hold(market: Market) -> None:
    market.book.save(above(), 0)
    assert [market.last(price) for price in (187, 188, 189, 186, 188)] == [0, 1, 0, 0, 0]
    assert market.told == ["Alert AAPL last > 187: last > 187 holds."]
    assert market.book.rows(market.now)[0].state is AlertState.FIRED


def test_one_that_repeats_fires_at_each_crossing_after_its_rest(market: Market) -> None:
    market.book.save(above(repeats=True, cooldown_s=10.0), 0)
    assert market.last(188) == 1
    assert market.last(186) == 0
    assert market.last(188) == 0
    assert market.last(186) == 0
    assert market.last(188, after_s=20) == 1


def test_one_that_takes_no_rest_is_told_once_a_second_at_most(market: Market) -> None:
    market.book.save(above(repeats=True, cooldown_s=0.0), 0)
    assert [market.last(price, after_s=0) for price in (188, 186, 188, 186)] == [1, 0, 0, 0]
    assert market.last(188) == 1


@pytest.mark.parametrize(("fire_now", "fired"), [(True, 1), (False, 0)])
def test_a_condition_that_holds_at_the_start_fires_only_where_asked(market: Market, fire_now: bool, fired: int) -> None:
    market.values["last"] = Fraction(190)
    market.book.save(above(), 0, fire_now=fire_now)
    assert len(market.told) == fired
    market.last(186)
    assert market.last(190) == 1 - fired


def run(status: StrategyRunStatus, account: str = ACCOUNT) -> StrategyRun:
    return StrategyRun(
        id="r1", strategy_id="s1", account=account, user_id="local", run_name="trend", run_number=3, status=status,
        initial_capital="1000", start_date="2026-01-02",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "symbols", "account", "fired"),
    [
        (StrategyRunStatus.ERROR, ("AAPL",), ACCOUNT, 1),
        (StrategyRunStatus.ERROR, (), ACCOUNT, 1),
        (StrategyRunStatus.ERROR, ("MSFT",), ACCOUNT, 0),
        (StrategyRunStatus.ERROR, ("AAPL",), "OTHER", 0),
        (StrategyRunStatus.STOPPED, ("AAPL",), ACCOUNT, 0),
    ],
)
def test_an_alert_on_a_strategy_fires_for_its_instrument_account_and_state(
    market: Market, status: StrategyRunStatus, symbols: tuple[str, ...], account: str, fired: int
) -> None:
    market.book.save(above(condition="", event="RUN_ERROR", account=ACCOUNT), 0)
    market.book.on_run(run(status, account), symbols, SECOND)
    assert market.told == ["Alert AAPL strategy error: trend 3 is error."] * fired


def test_whether_a_condition_holds_already_is_known_before_it_is_kept_unless_prices_are_stale(market: Market) -> None:
    assert (market.book.holds(above()), market.book.holds(above(condition="last > 1"))) == (False, True)
    assert market.book.holds(above(condition="", event="FILLED")) is False
    market.values["fresh"] = False
    assert market.book.holds(above(condition="last > 1")) is None
    market.values["margin"] = Fraction(5)
    assert market.book.holds(above(condition="margin > equity * 50% or pos == 0")) is None


def test_a_snoozed_alert_says_nothing_until_its_time_then_waits_for_the_next_crossing(market: Market) -> None:
    market.book.save(above(snoozed_until=10 * SECOND), 0)
    assert market.book.rows(5 * SECOND)[0].state is AlertState.SNOOZED
    assert [market.last(price) for price in (186, 188, 186)] == [0, 0, 0]
    assert market.last(188, after_s=10) == 0  # it holds already when it is read again for the first time
    assert market.book.rows(market.now)[0].state is AlertState.ARMED
    assert [market.last(price) for price in (186, 188)] == [0, 1]


def test_a_row_says_what_was_read_last_and_when_it_fired(market: Market) -> None:
    market.book.save(above(repeats=True, cooldown_s=0.0, condition="last > 187 and fresh and long"), 0)
    assert market.book.rows(0)[0].reading == "fresh yes, last 186, long —"
    market.values |= {"long": True}
    market.last(186)
    for price in (188, 186) * (HISTORY_MAX + 5):
        market.last(price)
    alert = market.book.rows(market.now)[0].alert
    assert (alert.fired_count, len(alert.history), alert.history[-1]) == (HISTORY_MAX + 5, HISTORY_MAX, alert.fired_at)
    assert list(alert.history) == sorted(alert.history)


def test_stale_prices_suspend_and_a_crossing_meanwhile_is_told_once_they_are_fresh(market: Market) -> None:
    market.book.save(above(), 0)
    market.values["fresh"] = False
    assert market.last(188) == 0
    row = market.book.rows(market.now)[0]
    assert (row.state, row.remark) == (AlertState.SUSPENDED, "prices are stale")
    market.values["fresh"] = True
    assert market.last(188) == 1
    assert market.told == [f"Alert AAPL last > 187: {CROSSED} prices are stale."]


CROSSED = "last > 187 holds; it came to hold while it could not be read:"


def test_one_kept_while_nothing_could_be_read_tells_at_the_first_reading_that_its_level_was_crossed(
    market: Market,
) -> None:
    del market.values["last"]
    market.book.save(above(), 0)
    assert market.book.holds(above()) is None
    assert market.book.rows(0)[0].state is AlertState.SUSPENDED
    assert market.last(190) == 1
    assert market.told == [f"Alert AAPL last > 187: {CROSSED} last is missing."]


def test_one_kept_while_nothing_could_be_read_that_does_not_hold_then_fires_at_its_crossing(market: Market) -> None:
    market.values["fresh"] = False
    market.book.save(above(), 0)
    market.values["fresh"] = True
    assert [market.last(price) for price in (186, 188)] == [0, 1]
    assert market.told == ["Alert AAPL last > 187: last > 187 holds."]


def test_one_that_is_armed_again_while_nothing_can_be_read_waits_for_the_next_crossing(market: Market) -> None:
    market.book.save(above(), 0)
    assert market.last(188) == 1
    market.values["fresh"] = False
    market.book.save(above(), 0)
    market.values["fresh"] = True
    assert [market.last(price) for price in (190, 186, 188)] == [0, 0, 1]


def test_one_whose_level_was_moved_while_nothing_could_be_read_is_as_good_as_new(market: Market) -> None:
    market.book.save(above(), 0)
    market.values["fresh"] = False
    market.book.save(above(condition="last > 189"), 0)
    market.values["fresh"] = True
    assert market.last(190) == 1


def test_a_level_that_was_crossed_while_the_program_was_closed_is_told_so(market: Market) -> None:
    market.book.save(above(), 0)
    again = Market()
    again.book.load(market.book.alerts())
    again.values["fresh"] = False
    again.last(190)
    again.values["fresh"] = True
    assert again.last(190) == 1
    assert again.told == [f"Alert AAPL last > 187: {CROSSED} the program was closed."]


def test_a_value_that_is_not_known_suspends_with_its_name(market: Market) -> None:
    market.book.save(above(condition="day_pnl < -500"), 0)
    assert market.book.rows(0)[0].remark == "day_pnl is missing"
    market.values["day_pnl"] = Fraction(-100)
    market.last(186)
    market.values["day_pnl"] = Fraction(-600)
    assert market.last(186) == 1


def test_a_stale_feed_can_itself_be_waited_for(market: Market) -> None:
    market.book.save(above(condition="age_s > 5"), 0)
    market.values |= {"age_s": Fraction(1)}
    market.last(186)
    market.values |= {"age_s": Fraction(9), "fresh": False}
    assert market.last(186) == 1


def test_an_alert_on_an_order_waits_for_its_state_symbol_and_account(market: Market) -> None:
    market.book.save(above(condition="", event="FILLED", account=ACCOUNT), 0)
    for told in (order(state=OrdStatus.SUBMITTED), order(terms=limit(symbol="MSFT"), state=OrdStatus.FILLED)):
        market.book.on_order(told, 1)
    assert market.told == []
    market.book.on_order(order("OMS-7", state=OrdStatus.FILLED), 1)
    assert market.told == ["Alert AAPL order filled: order OMS-7 is filled."]


def test_kept_alerts_come_back_as_they_stood(market: Market) -> None:
    market.book.save(above(), 0)
    market.last(188)
    kept = msgspec.json.decode(msgspec.json.encode(market.book.alerts()), type=list[Alert])
    again = Market()
    assert again.book.load([*kept, above(id="a2", condition="nonsense >")])[0].startswith("Alert AAPL nonsense >")
    assert again.last(190) == 0
    assert [row.state for row in again.book.rows(0)] == [AlertState.FIRED]


def test_one_that_is_off_or_expired_is_not_judged(market: Market) -> None:
    market.book.save(above(is_on=False), 0)
    market.book.save(above(id="a2", expires_at=SECOND), 0)
    assert market.last(188, after_s=2) == 0
    assert [row.state for row in market.book.rows(market.now)] == [AlertState.OFF, AlertState.EXPIRED]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"condition": ""}, "either a condition or an event"),
        ({"event": "FILLED"}, "either a condition or an event"),
        ({"condition": "last > volume"}, "column 6"),
        ({"condition": "last"}, "expected a condition"),
        ({"condition": "nothing > 3"}, "'nothing' is not known here"),
        ({"condition": "", "event": "EATEN"}, "FILLED"),
        ({"interval": "7_MINUTE"}, "1_MINUTE"),
        ({"cooldown_s": -1.0}, "0 to 86400"),
    ],
)
def test_an_alert_that_cannot_be_judged_is_refused_in_words(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        checked(above(**changes))
    assert said in str(refused.value)


def test_deleting_what_is_not_there_says_so(market: Market) -> None:
    with pytest.raises(NotFound):
        market.book.delete("a1")


def test_indicators_are_names_with_their_first_figure_and_line() -> None:
    assert VOCABULARY["ema_20"] is Kind.PRICE
    assert VOCABULARY["rsi_14"] is Kind.RATIO
    upper = study_of("bollinger_20_upper")
    assert upper is not None
    assert (upper.indicator.id, dict(upper.settings), upper.line) == ("bollinger", {"bars": 20}, 0)
    assert study_of("macd_signal") is not None
    for strange in ("ema_0", "bollinger_20_side", "wobble_3"):
        assert VOCABULARY.get(strange) is None


def test_an_indicator_is_compared_with_a_price_or_a_number(market: Market) -> None:
    market.values |= {"ema_20": Fraction(187), "rsi_14": Fraction(20)}
    market.book.save(above(condition="last > ema_20 and rsi_14 < 30"), 0)
    assert market.last(188) == 1


class Span(OwnIndicator):
    """Two lines of so many bars."""

    lines = ("high", "low")
    bars: int = figure(3, low=1, high=50)


class Span_5(Span):  # noqa: N801  a name that ends in a figure
    """Its name looks like a figure of the other."""


class Fixed(OwnIndicator):
    """No figure."""


OFFERED = {found.id: found for kind in (Span, Span_5, Fixed) if (found := catalogued("span", kind))}


@pytest.mark.parametrize(
    ("name", "kind", "settings", "line"),
    [
        ("own.span.Span", "Span", {}, 0),
        ("own.span.Span_20", "Span", {"bars": 20}, 0),
        ("own.span.Span_20.low", "Span", {"bars": 20}, 1),
        ("own.span.Span.low", "Span", {}, 1),
        ("own.span.Span_5", "Span_5", {}, 0),
        ("own.span.Fixed", "Fixed", {}, 0),
    ],
)
def test_an_own_indicator_is_named_by_file_class_figure_and_line(
    name: str, kind: str, settings: dict[str, float], line: int
) -> None:
    assert VOCABULARY[name] is Kind.PLAIN
    named = own_study_of(name)
    assert named is not None
    study = own_line(named, OFFERED)
    assert (study.indicator.id, study.settings, study.line) == (f"own.span.{kind}", settings, line)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("own.span.Other", "span.py has no own indicator Other"),
        ("own.span.Span_99", "bars: 99 is out of range"),
        ("own.span.Span.middle", "Span has no line middle"),
        ("own.span.Fixed_3", "Fixed has no figure"),
    ],
)
def test_what_a_file_does_not_offer_is_refused_in_words(name: str, words: str) -> None:
    named = own_study_of(name)
    assert named is not None
    with pytest.raises(ValidationError, match=words):
        own_line(named, OFFERED)


@pytest.mark.parametrize(
    "name", ["own", "own.span", "own.span.Span.low.more", "own..Span", "other.span.Span", "own.1.S"]
)
def test_other_names_are_no_own_indicators(name: str) -> None:
    assert own_study_of(name) is None
    assert name not in VOCABULARY
