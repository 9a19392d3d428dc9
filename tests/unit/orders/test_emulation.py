"""Stops that the venue does not know: watched here, released once, never fired blindly after a restart.

Long because what becomes of each kind, and of a trail at each turn, is told one by one.
"""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.events import LimitChanged, StopTrailed
from workstation.domain.market import Aggressor, Quote, Trade
from workstation.domain.orders import OrdStatus, OrdType, ReplaceOrder, Residence, Side, Trail, TrailKind, TriggerSource
from workstation.orders.context import DeskSettings, PassedTrigger
from workstation.orders.emulation import TRAILED_EVERY_NS
from workstation.ports.broker import SessionState
from workstation.risk.restrictions import lockout_event

S = OrdStatus
PLAIN = msgspec.structs.replace(CARD, ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT}))


def rig_of(**fields):
    rig = CoreRig(card=PLAIN, **fields)
    rig.position(100)
    return rig


def trade(rig, price, symbol=SYMBOL):
    rig.desk.on_market([Trade(symbol, price, 1, Aggressor.BUY, "t", rig.now, rig.now)])


def quote(rig, bid, ask):
    rig.desk.on_market([Quote(SYMBOL, bid, 10, ask, 10, rig.now, rig.now)])


def stop(rig, **fields):
    values = {"ord_type": OrdType.STOP, "stop_px": 9_900, "reduce_only": True}
    price = fields.pop("price", None)
    return rig.submit(Side.SELL, 100, price, **(values | fields))


def test_a_stop_waits_here_and_goes_out_as_market_under_its_own_id():
    rig = rig_of()
    order = stop(rig)
    assert (order.status, order.residence) == (S.NEW, Residence.PROGRAM)
    sent = len(rig.broker.of("submit"))
    trade(rig, 9_901)
    assert len(rig.broker.of("submit")) == sent
    trade(rig, 9_900)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.ord_type, after.triggered) == (S.SUBMITTED, OrdType.MARKET, True)
    assert after.residence is Residence.EXCHANGE
    trade(rig, 9_800)
    assert len(rig.broker.of("submit")) == sent + 1


@pytest.mark.parametrize(("conditions", "status"), [("I", S.NEW), ("Z", S.NEW), ("@F", S.SUBMITTED)])
def test_a_print_that_may_not_be_the_last_price_triggers_no_stop(conditions, status):
    rig = rig_of()
    listed: dict = rig.state.instruments
    listed[SYMBOL] = msgspec.structs.replace(listed[SYMBOL], exchange="NASDAQ")
    order = stop(rig)
    rig.desk.on_market([Trade(SYMBOL, 9_000, 1, Aggressor.BUY, "t", rig.now, rig.now, conditions)])
    assert rig.order(order.cl_ord_id).status is status


def test_a_stop_limit_goes_out_as_limit():
    rig = rig_of()
    order = stop(rig, ord_type=OrdType.STOP_LIMIT, price=9_890)
    trade(rig, 9_899)
    assert (rig.order(order.cl_ord_id).terms.ord_type, rig.order(order.cl_ord_id).terms.price) == (OrdType.LIMIT, 9_890)


@pytest.mark.parametrize(
    ("trigger", "quiet", "fires"),
    [
        (TriggerSource.BID_ASK, (9_901, 9_905), (9_900, 9_950)),
        (TriggerSource.MID, (9_890, 9_911), (9_890, 9_910)),
    ],
)
def test_the_trigger_source_is_the_one_asked_for(trigger, quiet, fires):
    rig = rig_of()
    order = stop(rig, trigger=trigger)
    trade(rig, 9_000)
    quote(rig, *quiet)
    assert rig.order(order.cl_ord_id).status is S.NEW
    quote(rig, *fires)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


@pytest.mark.parametrize(
    ("trail", "stop_at"),
    [(Trail(TrailKind.PRICE, 50), 10_150), (Trail(TrailKind.TICKS, 25), 10_175), (Trail(TrailKind.BPS, 100), 10_098)],
)
def test_a_trailing_stop_follows_one_way_only(trail, stop_at):
    rig = rig_of()
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=trail)
    trade(rig, 10_000)
    trade(rig, 10_200)
    rig.clock.advance(TRAILED_EVERY_NS)
    assert rig.order(order.cl_ord_id).terms.stop_px == stop_at
    trade(rig, stop_at + 1)
    assert rig.order(order.cl_ord_id).terms.stop_px == stop_at
    trade(rig, stop_at)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


def test_a_trailing_stop_sleeps_until_its_activation_price():
    rig = rig_of()
    trail = Trail(TrailKind.PRICE, 50, activation_px=10_100)
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=trail)
    trade(rig, 10_050)
    assert rig.order(order.cl_ord_id).terms.stop_px is None
    trade(rig, 10_100)
    assert rig.order(order.cl_ord_id).terms.stop_px == 10_050


@pytest.mark.parametrize("first", [None, 9_000])
def test_a_trailing_stop_that_has_begun_goes_on_after_a_restart_below_its_activation_price(first):
    rig = rig_of()
    trail = Trail(TrailKind.PRICE, 150, activation_px=10_100)
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=first, trail=trail)
    trade(rig, 10_110)
    again = rig.restart()
    trade(again, 10_000)
    assert again.order(order.cl_ord_id).terms.stop_px == 9_960
    trade(again, 9_960)
    assert again.order(order.cl_ord_id).status is S.SUBMITTED


def test_one_that_sleeps_does_not_fire_by_the_trigger_that_it_begins_with():
    rig = rig_of()
    trail = Trail(TrailKind.PRICE, 50, activation_px=10_100)
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=9_990, trail=trail)
    trade(rig, 9_980)
    assert rig.order(order.cl_ord_id).status is S.NEW


def test_a_trailing_stop_limit_moves_its_limit_along():
    rig = rig_of()
    trail = Trail(TrailKind.PRICE, 50)
    order = stop(rig, ord_type=OrdType.TRAILING_STOP_LIMIT, stop_px=9_950, price=9_940, trail=trail)
    trade(rig, 10_100)
    assert (rig.order(order.cl_ord_id).terms.stop_px, rig.order(order.cl_ord_id).terms.price) == (10_050, 10_040)


def change(rig, order, **fields):
    return rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=order.origin, **fields))


def trailing(rig, trail, **fields):
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=trail, **fields)
    trade(rig, 10_000)
    trade(rig, 10_200)
    trade(rig, 10_180)
    return order


@pytest.mark.parametrize(
    ("new", "stop_at"),
    [
        (Trail(TrailKind.PRICE, 30), 10_170),
        (Trail(TrailKind.PRICE, 120), 10_080),
        (Trail(TrailKind.TICKS, 40), 10_160),
        (Trail(TrailKind.BPS, 100), 10_098),
    ],
)
def test_a_new_distance_counts_from_the_best_price_that_the_trail_has_seen_and_outlives_a_restart(new, stop_at):
    rig = rig_of()
    order = trailing(rig, Trail(TrailKind.PRICE, 50))
    assert change(rig, order, trail=new).denial is None
    assert (rig.order(order.cl_ord_id).terms.stop_px, rig.order(order.cl_ord_id).terms.trail) == (stop_at, new)
    again = rig.restart()
    assert again.order(order.cl_ord_id).terms == rig.order(order.cl_ord_id).terms
    trade(again, stop_at + 1)
    assert again.order(order.cl_ord_id).terms.stop_px == stop_at
    trade(again, stop_at)
    assert again.order(order.cl_ord_id).status is S.SUBMITTED


def test_what_is_no_distance_is_refused_and_the_old_one_stays():
    rig = rig_of()
    order = trailing(rig, Trail(TrailKind.PRICE, 50))
    for trail, words in ((Trail(TrailKind.BPS, 10_000), "100 % or more"), (Trail(TrailKind.TICKS, 0), "not above 0")):
        with pytest.raises(ValidationError, match=words):
            change(rig, order, trail=trail)
    assert rig.order(order.cl_ord_id).terms.trail == Trail(TrailKind.PRICE, 50)


def test_a_wider_distance_is_judged_as_adding_risk_and_a_nearer_one_is_not():
    rig = rig_of()
    order = trailing(rig, Trail(TrailKind.PRICE, 50))
    event = lockout_event(order.terms.account, "the day's loss", rig.now)
    rig.record(LimitChanged(**{name: getattr(event, name) for name in event.__struct_fields__}))
    refused = change(rig, order, trail=Trail(TrailKind.PRICE, 60))
    assert refused.denial is not None
    assert rig.order(order.cl_ord_id).terms.stop_px == 10_150
    assert change(rig, order, trail=Trail(TrailKind.PRICE, 40)).denial is None
    assert rig.order(order.cl_ord_id).terms.stop_px == 10_160


def test_a_limit_keeps_its_distance_from_a_trigger_that_a_new_distance_moves():
    rig = rig_of()
    trail = Trail(TrailKind.PRICE, 50)
    order = stop(rig, ord_type=OrdType.TRAILING_STOP_LIMIT, stop_px=9_950, price=9_940, trail=trail)
    trade(rig, 10_100)
    assert change(rig, order, trail=Trail(TrailKind.PRICE, 30)).denial is None
    assert (rig.order(order.cl_ord_id).terms.stop_px, rig.order(order.cl_ord_id).terms.price) == (10_070, 10_060)


def test_where_a_trail_begins_is_changed_until_it_has_begun_and_its_distance_keeps_that():
    rig = rig_of()
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=Trail(TrailKind.PRICE, 50, 10_100))
    assert change(rig, order, trail=Trail(TrailKind.PRICE, 60)).denial is None
    assert change(rig, order, activation_px=10_150).denial is None
    assert rig.order(order.cl_ord_id).terms.trail == Trail(TrailKind.PRICE, 60, 10_150)
    trade(rig, 10_120)
    assert rig.order(order.cl_ord_id).terms.stop_px is None
    trade(rig, 10_150)
    assert rig.order(order.cl_ord_id).terms.stop_px == 10_090
    refused = change(rig, order, activation_px=10_300)
    assert (refused.denial.code, rig.order(order.cl_ord_id).terms.trail.activation_px) == ("ACTIVATION_PASSED", None)
    assert "trails already" in refused.denial.text
    assert refused.seq, "it is in the journal"


def test_what_does_not_trail_has_no_price_from_which_to():
    rig = rig_of()
    order = stop(rig)
    with pytest.raises(ValidationError, match="is a trailing stop's"):
        change(rig, order, activation_px=10_150)


def test_a_buy_stop_fires_upwards():
    rig = rig_of()
    order = rig.submit(Side.BUY, 10, None, ord_type=OrdType.STOP, stop_px=10_100)
    trade(rig, 10_099)
    assert rig.order(order.cl_ord_id).status is S.NEW
    trade(rig, 10_100)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


def test_a_trigger_passed_while_away_is_held_for_a_person():
    rig = rig_of()
    order = stop(rig)
    again = rig.restart()
    trade(again, 9_500)
    assert again.order(order.cl_ord_id).status is S.NEW
    assert again.desk.held() == (order.cl_ord_id,)
    assert "fire or cancel" in again.order(order.cl_ord_id).text
    assert again.desk.fire_held(order.cl_ord_id) is None
    assert again.order(order.cl_ord_id).status is S.SUBMITTED


def test_a_trigger_still_ahead_after_a_restart_works_as_before():
    rig = rig_of()
    order = stop(rig)
    again = rig.restart()
    trade(again, 9_950)
    trade(again, 9_900)
    assert again.order(order.cl_ord_id).status is S.SUBMITTED


@pytest.mark.parametrize(("policy", "status"), [(PassedTrigger.FIRE, S.SUBMITTED), (PassedTrigger.CANCEL, S.CANCELLED)])
def test_a_declared_policy_decides_about_a_passed_trigger(policy, status):
    rig = rig_of()
    order = stop(rig)
    again = rig.restart(settings=DeskSettings(passed_trigger=policy))
    trade(again, 9_500)
    assert again.order(order.cl_ord_id).status is status


def test_a_trigger_passed_without_a_session_is_not_lost():
    rig = rig_of()
    order = stop(rig)
    trade(rig, 9_950)
    rig.down()
    trade(rig, 9_500)
    assert rig.order(order.cl_ord_id).status is S.NEW
    rig.broker.session(SessionState.UP)
    trade(rig, 9_500)
    assert rig.desk.held() == (order.cl_ord_id,)


def test_a_cancelled_stop_is_watched_no_longer():
    rig = rig_of()
    order = stop(rig)
    from workstation.domain.orders import CancelOrder

    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=order.origin))
    sent = len(rig.broker.of("submit"))
    trade(rig, 9_500)
    assert rig.order(order.cl_ord_id).status is S.CANCELLED
    assert len(rig.broker.of("submit")) == sent


STOPS = msgspec.structs.replace(CARD, ord_types=PLAIN.ord_types | {OrdType.STOP, OrdType.STOP_LIMIT})


def test_a_stop_is_not_moved_to_a_venue_that_takes_none_and_says_so():
    rig = rig_of()
    order = stop(rig)
    denial = rig.desk.move_to_broker(order.cl_ord_id)
    assert "FAKE takes no such order (card of 2026-01-01); a stop stays on this PC and dies with it." in denial.text
    assert (rig.order(order.cl_ord_id).status, rig.order(order.cl_ord_id).residence) == (S.NEW, Residence.PROGRAM)
    trade(rig, 9_900)
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED, "it is watched on"


def test_a_stop_moves_to_a_venue_that_takes_it_now_under_its_own_id_and_is_watched_no_more():
    rig = rig_of()
    order = stop(rig)
    rig.broker.capabilities = STOPS
    assert rig.desk.move_to_broker(order.cl_ord_id) is None
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.residence, after.terms) == (S.SUBMITTED, Residence.EXCHANGE, order.terms)
    (sent,) = [call for call in rig.broker.of("submit") if call.cl_ord_id == order.cl_ord_id]
    assert (sent.terms.ord_type, sent.terms.stop_px) == (OrdType.STOP, 9_900)
    trade(rig, 9_800)
    assert len([call for call in rig.broker.of("submit") if call.cl_ord_id == order.cl_ord_id]) == 1


def test_a_trailing_stop_moves_as_a_plain_one_at_its_present_trigger():
    rig = rig_of()
    rig.broker.capabilities = STOPS
    trail = Trail(kind=TrailKind.PRICE, offset=100)
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=trail)
    assert order.residence is Residence.PROGRAM
    assert rig.desk.move_to_broker(order.cl_ord_id).code == "UNSUPPORTED_ORDER", "it has no trigger yet"
    trade(rig, 10_200)
    assert rig.desk.move_to_broker(order.cl_ord_id) is None
    terms = rig.order(order.cl_ord_id).terms
    assert (terms.ord_type, terms.stop_px, terms.trail) == (OrdType.STOP, 10_100, None)


def test_what_is_not_watched_or_is_held_is_not_moved():
    rig = rig_of()
    working = rig.submit(Side.SELL, 10, 11_000)
    with pytest.raises(NotFound):
        rig.desk.move_to_broker(working.cl_ord_id)
    order = stop(rig)
    again = rig.restart()
    trade(again, 9_500)
    with pytest.raises(StateConflict, match="fire or cancel"):
        again.desk.move_to_broker(order.cl_ord_id)


def lines_of(rig, order):
    """Return what the journal says of an order."""
    return [event for event in rig.journal.events if getattr(event, "cl_ord_id", "") == order.cl_ord_id]


def trails_of(rig, order):
    return [event.stop_px for event in lines_of(rig, order) if isinstance(event, StopTrailed)]


def rising(rig, first=10_000, ticks=40):
    """Let the price rise tick by tick in one moment; returns the last price."""
    for price in range(first, first + ticks):
        trade(rig, price)
    return first + ticks - 1


def test_a_trail_is_journaled_at_once_then_once_a_second_with_the_newest_place():
    rig = rig_of()
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=Trail(TrailKind.PRICE, 50))
    last = rising(rig)
    assert trails_of(rig, order) == [9_950], "forty prices of one moment are one line"
    rig.clock.advance(TRAILED_EVERY_NS)
    assert trails_of(rig, order) == [9_950, last - 50]
    rig.clock.advance(10 * TRAILED_EVERY_NS)
    assert len(trails_of(rig, order)) == 2, "what stands still says nothing"


def test_a_trail_fires_where_it_has_come_to_and_the_journal_says_so_before():
    rig = rig_of()
    trail = Trail(TrailKind.PRICE, 50)
    order = stop(rig, ord_type=OrdType.TRAILING_STOP_LIMIT, stop_px=9_950, price=9_940, trail=trail)
    last = rising(rig)
    trade(rig, last - 50)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.ord_type, after.terms.price) == (S.SUBMITTED, OrdType.LIMIT, last - 60)
    kinds = [type(event).__name__ for event in lines_of(rig, order)]
    triggered = kinds.index("OrderTriggered")
    assert kinds[triggered - 1] == "OrderChanged"
    assert lines_of(rig, order)[triggered].stop_px == last - 50


def test_an_end_in_good_order_loses_nothing_of_a_trail_and_a_crash_what_one_second_brought():
    rig = rig_of()
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=Trail(TrailKind.PRICE, 50))
    last = rising(rig)
    crashed = rig.restart()
    assert crashed.order(order.cl_ord_id).terms.stop_px == 9_950, "as the journal last said"
    trade(crashed, last)
    crashed.desk.settle_trails()
    again = crashed.restart()
    assert again.order(order.cl_ord_id).terms.stop_px == last - 50, "the next price brings it back, and an end keeps it"
    trade(again, last - 49)
    assert again.order(order.cl_ord_id).status is S.NEW
    trade(again, last - 50)
    assert again.order(order.cl_ord_id).status is S.SUBMITTED


def test_a_lost_session_and_a_split_find_a_trail_in_the_journal():
    rig = rig_of()
    order = stop(rig, ord_type=OrdType.TRAILING_STOP, stop_px=None, trail=Trail(TrailKind.PRICE, 50))
    last = rising(rig)
    rig.broker.session(SessionState.DOWN)
    assert trails_of(rig, order)[-1] == last - 50
