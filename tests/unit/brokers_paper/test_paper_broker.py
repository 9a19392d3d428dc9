"""The paper venue behind the broker port: sending, ids, fees, questions, environments, and a replay as its market."""

from __future__ import annotations

import pytest

from tests.helpers.market import SECOND, T0, instrument, levels, real_data, snapshot
from tests.helpers.paper_venue import ACCOUNT, PaperVenue, account
from workstation.brokers.paper.broker import PaperBroker
from workstation.brokers.paper.options import PaperOptions
from workstation.brokers.replay.detect import open_source
from workstation.brokers.replay.feed import ReplayFeed
from workstation.brokers.sim.fees import FeeSchedule, MakerTakerFees, ZeroFees
from workstation.domain.accounts import Environment
from workstation.domain.errors import ValidationError
from workstation.domain.executions import Liquidity
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, Side, TimeInForce
from workstation.kernel.clock import VirtualClock
from workstation.ports.broker import Broker, BrokerReport, FillReport, SendOutcome, SendReport, SessionReport

BOOK = snapshot(levels((99, 50)), levels((101, 30)), 1)


def test_it_is_a_broker_and_says_that_the_session_is_up() -> None:
    venue = PaperVenue()
    broker: Broker = venue.broker
    assert broker.venue == "PAPER"
    venue.clock.advance(0)
    assert [type(report) for report in venue.reports] == [SessionReport]


def test_every_request_ends_in_one_send_report() -> None:
    venue = PaperVenue()
    order = venue.buy(10, 90)
    venue.broker.cancel(order, "")
    venue.clock.advance(0)
    sent = [report for report in venue.reports if isinstance(report, SendReport)]
    assert [(report.cl_ord_id, report.outcome) for report in sent] == [(order, SendOutcome.SENT)] * 2


def test_a_live_account_is_refused() -> None:
    with pytest.raises(ValidationError, match="live"):
        PaperBroker(
            "PAPER",
            "R1",
            (instrument(),),
            (account(Environment.LIVE),),
            now_ns=lambda: 0,
            scheduler=VirtualClock(),
            fees=FeeSchedule("ZeroFees", {}, ZeroFees()),
        )


def test_ids_carry_the_run_and_the_venue() -> None:
    venue = PaperVenue()
    venue.market(BOOK)
    venue.buy(10)
    (execution,) = venue.executions
    assert execution.exec_key.startswith("R1-")
    assert execution.order_id.startswith("R1-")
    assert execution.venue == "PAPER"


def test_fees_follow_the_side_of_the_fill() -> None:
    fees = FeeSchedule("MakerTaker", {}, MakerTakerFees(-100, 500))
    venue = PaperVenue(fees=fees)
    venue.market(BOOK)
    venue.buy(30)
    venue.sell(10, 100)
    venue.market(snapshot(levels((100, 10)), levels((105, 1)), 2, 1))
    taker, maker = venue.executions
    assert (taker.liquidity, maker.liquidity) == (Liquidity.TAKER, Liquidity.MAKER)
    assert taker.fee > 0 >= maker.fee


def test_a_question_is_answered_in_full() -> None:
    venue = PaperVenue()
    venue.market(BOOK)
    filled, resting = venue.buy(10), venue.buy(10, 90)
    answer = venue.ask(filled, resting, "unheard-of")
    assert [order.cl_ord_id for order in answer.open_orders] == [resting]
    assert [(order.cl_ord_id, order.status) for order in answer.closed_orders] == [(filled, OrdStatus.FILLED)]
    assert answer.absent == ("unheard-of",)
    assert [(found.symbol, found.qty) for found in answer.positions] == [("ABC", 10)]
    assert len(answer.executions) == 1
    assert answer.balances[0].cash == 10_000_000 * MONEY_ONE - 10 * 101 * MONEY_ONE // 100


def test_what_it_has_said_already_is_heard_as_it_is_left() -> None:
    venue = PaperVenue()
    venue.market(BOOK)
    venue.buy(10, 100)
    venue.broker.on_market([snapshot(levels((98, 50)), levels((100, 30)), 2, 1)])
    assert venue.executions == []
    venue.broker.disconnect()
    assert [found.last_qty for found in venue.executions] == [10]


def test_orders_go_on_filling_while_nobody_listens() -> None:
    venue = PaperVenue()
    venue.market(BOOK)
    order = venue.buy(40, 101)
    venue.broker.disconnect()
    heard = len(venue.reports)
    venue.market(snapshot(levels((99, 50)), levels((101, 30)), 2, 1))
    assert len(venue.reports) == heard
    venue.broker.connect(venue.reports.extend)
    assert [found.cum_qty for found in venue.ask(order).closed_orders] == [40]


def test_day_orders_end_at_the_session_close_that_was_given() -> None:
    clock = VirtualClock(T0)
    reports: list[BrokerReport] = []
    broker = PaperBroker(
        "PAPER",
        "R1",
        (instrument(),),
        (account(),),
        now_ns=clock.now_ns,
        scheduler=clock,
        fees=FeeSchedule("ZeroFees", {}, ZeroFees()),
        session_close=lambda _instrument, ts: ts + 60 * SECOND,
    )
    broker.connect(reports.extend)
    terms = OrderTerms(symbol="ABC", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=1, price=90)
    broker.submit("O1", terms)
    clock.advance(59 * SECOND)
    assert len(broker.exchange.orders.open_of(ACCOUNT)) == 1
    clock.advance(2 * SECOND)
    assert broker.exchange.orders.by_client["O1"].status is OrdStatus.EXPIRED


def test_a_market_whose_time_stands_still_answers_all_the_same() -> None:
    clock = VirtualClock(T0)
    reports: list[BrokerReport] = []
    broker = PaperBroker(
        "REPLAY",
        "R1",
        (instrument(),),
        (account(Environment.REPLAY),),
        now_ns=lambda: T0,
        scheduler=clock,
        fees=FeeSchedule("ZeroFees", {}, ZeroFees()),
        options=PaperOptions(entry_latency=5_000_000, response_latency=5_000_000),
    )
    broker.connect(reports.extend)
    broker.on_market([BOOK])
    terms = OrderTerms(symbol="ABC", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=5)
    broker.submit("O1", terms)
    clock.advance(SECOND)
    assert [report.execution.last_qty for report in reports if isinstance(report, FillReport)] == [5]


def replayed(speed: float) -> list[tuple[int, int, int]]:
    """Return (quantity, price, time) of what two orders get in three seconds of the real capture."""
    clock = VirtualClock(2 * T0)
    feed = ReplayFeed(open_source(real_data("usdm_btcusdt_20240808.gz")), clock, clock, speed=speed)
    reports: list[BrokerReport] = []
    broker = PaperBroker(
        "REPLAY",
        "R1",
        feed.instruments(),
        (account(Environment.REPLAY),),
        now_ns=feed.now_ns,
        scheduler=clock,
        fees=FeeSchedule("ZeroFees", {}, ZeroFees()),
        options=PaperOptions(entry_latency=50_000_000),
    )
    broker.connect(reports.extend)
    feed.tap(broker.on_market)
    feed.start(lambda _events: None)
    feed.pause()
    feed.step(200)
    for cl_ord_id, ord_type, price in (("O1", OrdType.MARKET, None), ("O2", OrdType.LIMIT, 6_180_020)):
        terms = OrderTerms(
            symbol="BTCUSDT",
            account=ACCOUNT,
            side=Side.BUY,
            ord_type=ord_type,
            order_qty=5_000,
            price=price,
            time_in_force=TimeInForce.GTC,
        )
        broker.submit(cl_ord_id, terms)
    began = feed.now_ns()
    feed.resume()
    clock.advance(int(3 * SECOND / speed))
    feed.stop()
    fills = [report.execution for report in reports if isinstance(report, FillReport)]
    return [(fill.last_qty, fill.last_px, fill.ts_event) for fill in fills if fill.ts_event < began + 2 * SECOND]


def test_a_replayed_market_gives_the_same_fills_at_any_speed() -> None:
    fills = replayed(1.0)
    assert sum(qty for qty, _, _ in fills) >= 5_000
    assert replayed(7.5) == fills
    assert replayed(0.5) == fills
