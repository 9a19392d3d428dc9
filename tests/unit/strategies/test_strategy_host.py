"""The host: numbers become exact terms, news become callbacks, and a strategy that breaks ends with its traceback."""

from decimal import Decimal

import msgspec
import pytest

from tests.helpers.market import T0, instrument, quote
from tests.helpers.strategy_rig import StrategyRig
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.instruments import TickBand
from workstation.domain.market import Bar, BarKind, BarType, StreamKind
from workstation.domain.orders import OrdStatus, OrdType, Side, TimeInForce, Trail, TrailKind, TriggerSource
from workstation.strategies import messages as m
from workstation.strategies.api import Field, Leg, Strategy, StrategyParameters
from workstation.strategies.host import Host
from workstation.strategies.wire import encoded, frames


class Quiet(Strategy):
    class Parameters(StrategyParameters):
        """One parameter."""

        size: int = Field(1, ge=1)


class Noting(Strategy):
    """Writes down every call."""

    def on_start(self):
        self.heard = []
        self.restored = getattr(self, "restored", None)

    def restore(self, state):
        self.restored = state

    def state(self):
        return {"count": len(self.heard)}

    def on_fill(self, fill):
        self.heard.append(("fill", fill.quantity, fill.price, self.position(fill.symbol)))

    def on_order(self, order):
        self.heard.append(("order", order.state, order.left))

    def on_stop(self):
        self.heard.append("stop")


class Broken(Strategy):
    def on_quote(self, quote):
        raise RuntimeError(f"no idea at {quote.bid}")


@pytest.mark.parametrize(
    ("side", "terms", "expected"),
    [
        ("buy", {}, (OrdType.MARKET, None, None)),
        ("buy", {"limit": Decimal("10.05")}, (OrdType.LIMIT, 1005, None)),
        ("buy", {"limit": 10.05}, (OrdType.LIMIT, 1005, None)),
        ("buy", {"limit": 10.0599}, (OrdType.LIMIT, 1005, None)),
        ("sell", {"limit": 10.0501}, (OrdType.LIMIT, 1006, None)),
        ("buy", {"stop": 10.0501}, (OrdType.STOP, None, 1006)),
        ("sell", {"stop": 10.0599, "limit": 10}, (OrdType.STOP_LIMIT, 1000, 1005)),
        ("sell", {"trail_percent": 1.5}, (OrdType.TRAILING_STOP, None, None)),
    ],
)
def test_prices_become_exact_terms_on_the_passive_side(side, terms, expected):
    rig = StrategyRig(Quiet).start()
    order_id = getattr(rig.strategy, side)("ABC", 5, **terms)
    (sent,) = rig.take(m.Submit)
    assert order_id == sent.cl_ord_id == "R1-1"
    assert (sent.terms.ord_type, sent.terms.price, sent.terms.stop_px) == expected
    assert sent.terms.order_qty == 5


def test_a_bracket_carries_its_legs_and_the_rest_of_the_terms():
    rig = StrategyRig(Quiet).start()
    rig.strategy.buy("ABC", 5.9, limit=10, stop_loss=9.501, take_profit=11.009, tif="GTC", notes="why")
    (sent,) = rig.take(m.Submit)
    assert (sent.stop_px, sent.target_px, sent.notes, sent.terms.order_qty) == (951, 1100, "why", 5)
    assert sent.terms.time_in_force is TimeInForce.GTC


def test_a_pair_is_one_wish_of_two_orders_each_with_an_id_of_its_own():
    rig = StrategyRig(Quiet).start()
    ids = rig.strategy.oco("ABC", Leg(Side.SELL, 5, limit=10.501, notes="out"), Leg(Side.SELL, 4, stop=9, tif="GTC"))
    (sent,) = rig.take(m.SubmitPair)
    assert (sent.first.cl_ord_id, sent.second.cl_ord_id) == ids == ("R1-1", "R1-2")
    assert (sent.first.terms.ord_type, sent.first.terms.price, sent.first.notes) == (OrdType.LIMIT, 1051, "out")
    assert (sent.second.terms.ord_type, sent.second.terms.stop_px, sent.second.terms.order_qty) == (
        OrdType.STOP,
        900,
        4,
    )
    assert frames(encoded(sent)) == [sent]


@pytest.mark.parametrize(
    ("terms", "field"), [({}, "oco"), ({"limit": 10, "stop_loss": 9}, "oco"), ({"price": 1}, "price")]
)
def test_what_is_no_part_of_a_pair_is_refused_and_nothing_of_it_is_sent(terms, field):
    rig = StrategyRig(Quiet).start()
    with pytest.raises(ValidationError) as refused:
        rig.strategy.oco("ABC", Leg(Side.SELL, 5, limit=11), Leg(Side.SELL, 5, **terms))
    assert refused.value.field == field
    assert rig.take(m.SubmitPair) == []
    assert rig.strategy.buy("ABC", 1, limit=9) == "R1-1"


def test_a_trailing_stop_has_its_distance_in_price_ticks_or_percent_and_begins_where_it_is_told_to():
    rig = StrategyRig(Quiet).start()
    rig.strategy.sell("ABC", 5, trail=0.3, activation=11.001)
    rig.strategy.buy("ABC", 5, trail_ticks=7, activation=Decimal("9.50"))
    rig.strategy.buy("ABC", 5, trail_percent=0.25, activation=9.509)
    rig.strategy.sell("ABC", 5, trail_ticks=3, stop=9, limit=Decimal("8.9"))
    sent = [intent.terms for intent in rig.take(m.Submit)]
    assert [(terms.ord_type, terms.trail) for terms in sent] == [
        (OrdType.TRAILING_STOP, Trail(TrailKind.PRICE, 30, 1_101)),
        (OrdType.TRAILING_STOP, Trail(TrailKind.TICKS, 7, 950)),
        (OrdType.TRAILING_STOP, Trail(TrailKind.BPS, 25, 950)),
        (OrdType.TRAILING_STOP_LIMIT, Trail(TrailKind.TICKS, 3)),
    ]
    assert (sent[3].stop_px, sent[3].price) == (900, 890)
    assert [frames(encoded(m.Submit("R1-1", terms))) for terms in sent] == [[m.Submit("R1-1", terms)] for terms in sent]


def test_a_trailing_stop_keeps_a_share_or_a_distance_and_a_stop_watches_what_it_is_told_to():
    rig = StrategyRig(Quiet).start()
    rig.strategy.sell("ABC", 5, trail_percent=1.5)
    rig.strategy.sell("ABC", 5, trail=0.301, trigger="BID_ASK")
    rig.strategy.sell("ABC", 5, stop=9, trigger=TriggerSource.MID)
    sent = [intent.terms for intent in rig.take(m.Submit)]
    assert [terms.trail for terms in sent] == [Trail(TrailKind.BPS, 150), Trail(TrailKind.PRICE, 31), None]
    assert [terms.trigger for terms in sent] == [TriggerSource.LAST, TriggerSource.BID_ASK, TriggerSource.MID]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"price": 3}, "price: is no term of an order"),
        ({"limit": Decimal("10.005")}, "more than 2 decimals"),
        ({"limit": float("nan")}, "limit: nan is no price"),
        ({"limit": "10"}, "limit: '10' is no number"),
        ({"tif": "SOON"}, "tif: 'SOON' is none"),
        ({"tif": "GTD"}, "expire"),
        ({"limit": -5}, "price"),
        ({"trail_percent": 0.001}, "trail_percent: 0.001 is no distance"),
        ({"trail": 0}, "trail: 0 is no distance"),
        ({"trail": 1, "trail_percent": 1}, "trail: is no distance beside another"),
        ({"trail_ticks": 2, "trail_percent": 1}, "trail_ticks: is no distance beside another"),
        ({"trail_ticks": 0}, "trail_ticks: 0 is no distance"),
        ({"trail_ticks": 1.5}, "trail_ticks: 1.5 is no number of ticks"),
        ({"activation": 11}, "activation: is a trailing stop's"),
        ({"stop": 9, "activation": 11}, "activation: is a trailing stop's"),
        ({"trail": 1, "activation": Decimal("11.001")}, "more than 2 decimals"),
        ({"trail": 1, "activation": -3}, "activation"),
        ({"stop": 11, "trigger": "MARK"}, "trigger: 'MARK' is none"),
    ],
)
def test_a_wrong_term_is_refused_at_the_call_by_name(terms, words):
    rig = StrategyRig(Quiet).start()
    with pytest.raises(ValidationError, match=words):
        rig.strategy.buy("ABC", 5, **terms)
    assert rig.take(m.Submit) == []


def test_an_unknown_symbol_or_order_is_not_found():
    rig = StrategyRig(Quiet).start()
    for call in (
        lambda: rig.strategy.buy("XYZ", 1),
        lambda: rig.strategy.replace("R1-9", limit=3),
        lambda: rig.strategy.cancel("OTHER-1"),
        lambda: rig.strategy.indicator("ABC", "1m", "sma", line="upper"),
    ):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(
    ("text", "kind", "step"),
    [("1s", BarKind.SECOND, 1), ("5m", BarKind.MINUTE, 5), ("1mo", BarKind.MONTH, 1), ("500t", BarKind.TICK, 500)],
)
def test_intervals_name_bar_series(text, kind, step):
    rig = StrategyRig(Quiet).start()
    rig.strategy.bars("ABC", text, history=3)
    rig.strategy.bars("ABC", text)
    assert rig.take(m.WantBars) == [m.WantBars("ABC", text, BarType(kind, step), 3)]


def test_a_word_that_is_no_interval_is_refused():
    with pytest.raises(ValidationError, match="is no interval"):
        StrategyRig(Quiet).start().strategy.bars("ABC", "soon")


def test_positions_and_orders_follow_the_news():
    rig = StrategyRig(Noting).start(positions={"ABC": 7})
    assert rig.strategy.position("ABC") == 7
    rig.strategy.sell("ABC", 5, limit=10)
    (sent,) = rig.take(m.Submit)
    rig.accept(sent)
    assert [order.left for order in rig.strategy.orders("ABC")] == [5]
    rig.fill(sent, 2)
    rig.fill(sent)
    assert rig.strategy.orders() == []
    assert rig.strategy.heard == [
        ("order", OrdStatus.SUBMITTED, 5),
        ("fill", 2, Decimal("10.00"), 5),
        ("order", OrdStatus.PARTIALLY_FILLED, 3),
        ("fill", 3, Decimal("10.00"), 2),
        ("order", OrdStatus.FILLED, 0),
    ]


def test_indicators_are_up_to_date_when_the_bar_is_told():
    class Following(Strategy):
        def on_start(self):
            self.line = self.indicator("ABC", "1m", "sma", bars=2, history=1)
            self.seen = []

        def on_bar(self, bar):
            self.seen.append((bar.close, self.line.ready, self.line.value))

    rig = StrategyRig(Following).start()
    rig.host.deliver(m.PastBars("1m", (rig.market_bar(1000),)))
    rig.bar(1100)
    rig.bar(1300)
    assert rig.strategy.seen == [(11.0, True, 10.5), (13.0, True, 12.0)]


def test_timers_signals_and_values_go_out_checked():
    rig = StrategyRig(Quiet).start()
    strategy = rig.strategy
    strategy.every(5, "look")
    conditions = {"spread": Decimal("0.02"), "levels": [1, 2.5]}
    strategy.signal(
        "ABC", "BUY", 0.75, reason="low", target=11, take_profit=12.5, quantity=3, market_conditions=conditions,
        metadata={"model": "a"},
    )  # fmt: skip
    conditions["levels"].append(3)
    strategy.show(score=1.5)
    strategy.log("began")
    strategy.log("odd", "WARNING", event="DRIFT", by=Decimal("1.5"), seen={"n": 3})
    assert rig.take(m.SetTimer) == [m.SetTimer("look", 5_000_000_000)]
    assert rig.take(m.Signal) == [
        m.Signal(
            symbol="ABC",
            action="BUY",
            confidence=0.75,
            reason="low",
            target_px=1100,
            take_profit_px=1250,
            target=3,
            market_conditions={"spread": "0.02", "levels": [1, 2.5]},
            metadata={"model": "a"},
        )
    ]
    assert rig.take(m.Show) == [m.Show({"score": "1.5"})]
    assert rig.take(m.Log) == [
        m.Log("INFO", "began"), m.Log("WARNING", "odd", "DRIFT", {"by": "1.5", "seen": {"n": 3}}),
    ]  # fmt: skip
    for wrong in (
        lambda: strategy.signal("ABC", "WAIT", 0.5),
        lambda: strategy.signal("ABC", "BUY", 1.5),
        lambda: strategy.signal("ABC", "BUY", 0.5, take_profits=12),
        lambda: strategy.signal("ABC", "BUY", 0.5, metadata=[1]),
        lambda: strategy.signal("ABC", "BUY", 0.5, metadata={"code": strategy}),
        lambda: strategy.signal("ABC", "BUY", 0.5, market_conditions={"text": "x" * 10_000}),
        lambda: strategy.log("x", "LOUD"),
        lambda: strategy.log("x", rows="x" * 10_000),
        lambda: strategy.every(0.001),
    ):
        with pytest.raises(ValidationError):
            wrong()


def test_streams_are_asked_for_by_kind():
    rig = StrategyRig(Quiet).start()
    rig.strategy.quotes("ABC")
    rig.strategy.trades("ABC")
    rig.strategy.book("ABC")
    assert [want.stream for want in rig.take(m.WantStream)] == [StreamKind.QUOTES, StreamKind.TRADES, StreamKind.DEPTH]


def test_a_stop_asks_for_the_state_and_a_restart_gives_it_back():
    rig = StrategyRig(Noting).start()
    rig.host.deliver(m.Stop("enough"))
    assert rig.take(m.Done) == [m.Done({"count": 1})]
    assert StrategyRig(Noting).start(state={"count": 1}).strategy.restored == {"count": 1}


def test_an_exception_ends_the_run_with_its_traceback_and_nothing_follows():
    rig = StrategyRig(Broken).start()
    with pytest.raises(RuntimeError):
        rig.quote(999, 1001)
    (fault,) = rig.take(m.Faulted)
    assert fault.error == "RuntimeError: no idea at 9.99"
    assert "on_quote" in fault.traceback
    rig.quote(999, 1001)
    assert rig.sent == []


def test_time_is_that_of_the_news():
    rig = StrategyRig(Quiet).start()
    assert rig.strategy.now == T0
    rig.strategy.bars("ABC", "1m")
    rig.bar(1000)
    rig.quote(999, 1001)
    assert rig.strategy.now == T0 + 60_000_000_000


def test_sides_and_replacement_keep_to_the_grid():
    rig = StrategyRig(Quiet).start()
    rig.strategy.order("ABC", Side.SELL_SHORT, 2, limit=10.0)
    (sent,) = rig.take(m.Submit)
    rig.accept(sent)
    rig.strategy.replace(sent.cl_ord_id, quantity=1, limit=10.0001)
    assert rig.take(m.Replace) == [m.Replace(sent.cl_ord_id, 1, 1001, None)]


def test_the_price_step_is_that_of_the_last_quote_where_nothing_has_traded_yet():
    rig = StrategyRig(Quiet)
    fine, coarse = TickBand(0, 1), TickBand(10_000, 5)
    rig.host._instruments["ABC"] = msgspec.structs.replace(instrument("ABC"), ticks=(fine, coarse))
    rig.start()
    assert rig.strategy.tick("ABC") == Decimal("0.01")
    rig.host.deliver(quote(20_000, 20_005))
    assert rig.strategy.tick("ABC") == Decimal("0.05")
    rig.host.deliver(quote(9_000, 9_001))
    assert rig.strategy.tick("ABC") == Decimal("0.01")


def test_an_order_that_somebody_placed_for_the_run_can_be_cancelled_by_it():
    rig = StrategyRig(Quiet).start()
    rig.strategy.buy("ABC", 5, limit=10)
    (submit,) = rig.take(m.Submit)
    rig.accept(msgspec.structs.replace(submit, cl_ord_id="OMS-9"))
    rig.strategy.cancel("OMS-9")
    assert rig.take(m.Cancel) == [m.Cancel("OMS-9")]


def test_orders_of_a_size_asked_for_again_are_judged_as_the_first_by_the_kind_of_number_and_the_instrument():
    instruments = {"ABC": instrument("ABC")}
    sent = []
    host = Host(
        lambda host: Quiet(host, Quiet.Parameters()),
        run_id="R1",
        account="SIM",
        instruments=instruments,
        send=sent.append,
    )
    buys = host.strategy.buy
    for quantity in (10, 10, 10.0, Decimal(10), 10):
        buys("ABC", quantity)
    host.strategy.sell("ABC", 10)
    made = [intent.terms for intent in sent if isinstance(intent, m.Submit)]
    assert [(terms.side, terms.order_qty) for terms in made] == [(Side.BUY, 10)] * 5 + [(Side.SELL, 10)]
    assert len({intent.cl_ord_id for intent in sent if isinstance(intent, m.Submit)}) == 6
    for wrong, words in ((True, "no number"), ([10], "no number"), ("10", "no number"), (-10, "not above 0")):
        buys("ABC", 1)
        with pytest.raises(ValidationError, match=words):
            buys("ABC", wrong)
    instruments["ABC"] = msgspec.structs.replace(instrument("ABC"), lot=100)
    with pytest.raises(ValidationError, match="multiple of the lot"):
        buys("ABC", 10)


def test_a_revised_bar_comes_as_such_and_is_no_bar_more():
    class Watching(Strategy):
        def on_start(self):
            self.seen = []
            self.average = self.indicator("ABC", "1m", "sma", bars=1)
            self.bars("ABC", "10b")

        def on_bar(self, bar):
            self.seen.append(("bar", bar.close, bar.empty, bar.revised))

        def on_bar_revised(self, bar):
            self.seen.append(("revised", bar.close, bar.revised, self.average.value))

    sent = []
    host = Host(
        lambda door: Watching(door, None), run_id="r", account="A", instruments={"ABC": instrument()}, send=sent.append
    )
    host.deliver(m.Started(T0, {}, ()))
    minute = BarType(BarKind.MINUTE, 1)
    bar = Bar("ABC", minute, 1000, 1001, 999, 1000, 5, 1, T0, T0 + 60 * 10**9, empty=True)
    host.deliver(m.BarClosed("1m", bar))
    host.deliver(m.BarClosed("1m", msgspec.structs.replace(bar, close=1001, empty=False, revised=True)))
    assert host.strategy.seen == [("bar", 10.0, True, False), ("revised", 10.01, True, 10.0)]
    assert [want.bar_type.kind for want in sent if isinstance(want, m.WantBars)] == [BarKind.MINUTE, BarKind.RENKO]
