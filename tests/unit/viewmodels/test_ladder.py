"""The ladder's rows, cells, clicks and drags, without a display."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.desktop_rig import ACCOUNT, depth, future, limit, order, position, quote, status, stock
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import Level, SessionPhase
from workstation.domain.orders import OrdStatus, OrdType, Origin, OriginKind, RequestKind, Residence, Side
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.hotkeys import Place, Refused
from workstation.viewmodels.ladder import Ladder
from workstation.viewmodels.ladder_amend import AmendQueue, Move, nudged
from workstation.viewmodels.ladder_cells import REJECT_FADE_NS
from workstation.viewmodels.ladder_clicks import Column, Drag, EntryRules, entry, only_reduces
from workstation.viewmodels.ladder_prices import TICKS_PER_ROW, PriceMap
from workstation.viewmodels.ladder_rows import SHARE_ONE
from workstation.viewmodels.screen_state import ScreenState

RULES = EntryRules(account=ACCOUNT, order_qty=100)
INSIDE = (18_719, 18_721)
BANDED = Instrument(
    symbol="BAND",
    asset_class=AssetClass.STOCK,
    currency="EUR",
    price_decimals=3,
    qty_decimals=0,
    ticks=(TickBand(0, 1), TickBand(1_000, 5), TickBand(10_000, 10)),
)


def screen(*rows, **snapshots):
    state = ScreenState()
    state.apply(
        Frame(
            rows=list(rows),
            quotes={snap.symbol: snap for snap in snapshots.get("quotes", [])},
            depths={snap.symbol: snap for snap in snapshots.get("depths", [])},
            bars=[],
            positions={
                (s.position.account, s.position.symbol, s.position.strategy_id): s
                for s in snapshots.get("positions", [])
            },
            accounts={},
            status=snapshots.get("status"),
            overflowed=False,
        )
    )
    return state


def ladder(rows=21, instrument=None):
    made = Ladder(instrument or stock(), ACCOUNT, rows)
    made.map.centre(18_720)
    return made


def row_at(picture, price):
    return next(row for row in picture.rows if row.price == price)


def test_rows_do_not_move_because_the_market_moved():
    made = ladder()
    before = made.map.prices
    for bid in range(18_700, 18_760, 7):
        state = screen(depths=[depth(bid=bid, ask=bid + 2)])
        assert not made.place(state)
        made.view(state, 0)
    assert made.map.prices == before


def test_scrolling_recentring_and_grouping_move_rows():
    made = ladder()
    made.map.scroll(3)
    assert made.map.prices[0] == 18_733
    made.map.centre(18_800)
    assert made.map.prices[10] == 18_800
    made.map.regroup(2)
    assert made.map.ticks_per_row == 5
    assert made.map.prices[10] == 18_800
    assert {price % 5 for price in made.map.prices} == {0}


@given(
    price=st.integers(1, 20_000),
    rows=st.integers(1, 60),
    ticks=st.sampled_from(TICKS_PER_ROW),
    scroll=st.integers(-80, 80),
)
def test_rows_fall_strictly_lie_on_the_grid_and_are_found_again(price, rows, ticks, scroll):
    made = PriceMap(BANDED, rows)
    made.centre(price)
    made.set_grouping(ticks)
    made.scroll(scroll)
    assert list(made.prices) == sorted(set(made.prices), reverse=True)
    assert all(BANDED.on_tick(row) and row > 0 for row in made.prices)
    assert [made.row_of(row) for row in made.prices] == list(range(len(made.prices)))


def test_a_grouped_row_never_looks_better_than_the_market():
    made = ladder(41)
    made.map.set_grouping(10)
    book = depth(bids=(Level(18_719, 5), Level(18_711, 7)), asks=(Level(18_721, 3), Level(18_729, 4)))
    picture = made.view(screen(depths=[book]), 0)
    assert row_at(picture, 18_710).bid == "12"
    assert row_at(picture, 18_730).ask == "7"


def test_the_row_carries_sizes_shares_last_and_touch_of_one_snapshot():
    picture = ladder().view(screen(depths=[depth(last=18_719, last_size=250)]), 0)
    touched = row_at(picture, 18_719)
    assert (touched.bid, touched.touch, touched.last) == ("100", "bid", "250")
    assert row_at(picture, 18_721).touch == "ask"
    assert max(max(row.bid_share, row.ask_share) for row in picture.rows) == SHARE_ONE
    assert row_at(picture, 18_720).bid == row_at(picture, 18_720).ask == ""


def test_a_crossed_book_is_marked_not_clipped():
    picture = ladder().view(screen(depths=[depth(bid=18_722, ask=18_720)]), 0)
    assert [row.price for row in picture.rows if row.touch == "crossed"] == [18_722, 18_721, 18_720]
    assert picture.health.level == "danger"
    assert picture.health.entry_refusal == ""


def test_volume_at_price_sums_both_sides():
    picture = ladder().view(screen(depths=[depth(traded=((18_719, 300, 200), (18_720, 50, 0), (1, 9, 9)))]), 0)
    assert row_at(picture, 18_719).traded == "500"
    assert row_at(picture, 18_720).traded_share == SHARE_ONE // 10


@pytest.mark.parametrize(
    ("state", "word", "refused"),
    [
        (screen(), "waiting", "no price"),
        (screen(quotes=[quote()]), "best bid and ask only", ""),
        (screen(depths=[depth(synced=False)]), "out of sync", "out of sync"),
        (screen(depths=[depth(freshness="STALE", age_ms=7_300)]), "7.3 s old", "7.3 s old"),
        (screen(depths=[depth()], quotes=[quote(phase=SessionPhase.HALTED)]), "halted", "halted"),
        (screen(depths=[depth()], status=status(venue_state="DOWN")), "venue link DOWN", "DOWN"),
        (screen(depths=[depth()]), "", ""),
    ],
)
def test_each_state_of_the_data_says_itself_and_whether_entries_are_taken(state, word, refused):
    health = ladder().health(state)
    assert word in health.text
    assert refused in health.entry_refusal
    assert bool(health.entry_refusal) == bool(refused)


def test_the_top_of_the_market_stands_in_for_a_missing_book():
    picture = ladder().view(screen(quotes=[quote(bid=18_719, ask=18_721)]), 0)
    assert (row_at(picture, 18_719).bid, row_at(picture, 18_721).ask) == ("300", "500")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "working"),
        ({"state": OrdStatus.PENDING_SUBMIT}, "pending"),
        ({"state": OrdStatus.PENDING_REPLACE}, "pending"),
        ({"state": OrdStatus.PENDING_CANCEL}, "pending cancel"),
        ({"residence": Residence.PROGRAM}, "held here"),
        ({"residence": Residence.BROKER}, "held at broker"),
        ({"unknown": RequestKind.SUBMIT}, "unknown"),
    ],
)
def test_an_own_order_says_its_state(changes, word):
    picture = ladder().view(screen(order("OMS-1", limit(price=18_715), **changes)), 0)
    cell = row_at(picture, 18_715).own_bid
    assert cell is not None
    assert (cell.state, cell.qty, cell.letters) == (word, "100", "L")


def test_orders_turn_unknown_when_the_venue_link_is_down():
    picture = ladder().view(screen(order("OMS-1", limit(price=18_715)), status=status(venue_state="DOWN")), 0)
    assert row_at(picture, 18_715).own_bid.state == "unknown"


def test_a_row_says_when_a_script_placed_one_of_its_orders():
    by_hand, sent = (
        order(name, limit(price=18_715), origin=Origin(kind=kind))
        for name, kind in (("OMS-1", OriginKind.LADDER), ("OMS-2", OriginKind.REST))
    )
    assert row_at(ladder().view(screen(by_hand), 0), 18_715).own_bid.by == ""
    assert row_at(ladder().view(screen(by_hand, sent), 0), 18_715).own_bid.by == "script"


def test_orders_at_one_price_are_consolidated_newest_first_with_the_oldest_ones_queue_place():
    rows = [order("OMS-1", limit(price=18_719), created_at=1), order("OMS-2", limit(price=18_719), created_at=2)]
    book = depth(queue_ahead=(("OMS-1", 40, False), ("OMS-2", 90, False)))
    picture = ladder().view(screen(*rows, depths=[book]), 0)
    cell = row_at(picture, 18_719).own_bid
    assert (cell.qty, cell.count, cell.ids, cell.queue) == ("200", 2, ("OMS-2", "OMS-1"), "~40/100")
    assert picture.counts == (2, 0)
    exact = ladder().view(screen(rows[0], depths=[depth(queue_ahead=(("OMS-1", 40, True),))]), 0)
    assert row_at(exact, 18_719).own_bid.queue == "40/100"


def test_what_is_off_screen_is_counted_at_its_edge_with_a_price_to_jump_to():
    rows = [order("OMS-1", limit(price=18_500)), order("OMS-2", limit(price=18_400))]
    picture = ladder().view(screen(*rows, depths=[depth(bid=18_900, ask=18_902)], positions=[position()]), 0)
    assert (picture.above.market, picture.above.orders, picture.above.jump) == (True, 0, 18_900)
    assert (picture.below.market, picture.below.orders, picture.below.position) == (False, 2, True)
    assert picture.below.jump == 18_500


def test_the_average_row_and_the_result_of_an_exit_at_each_row():
    picture = ladder(61).view(screen(positions=[position(100, price=18_700)]), 0)
    assert [row.price for row in picture.rows if row.average] == [18_700]
    assert (row_at(picture, 18_719).pnl, row_at(picture, 18_719).pnl_sign) == ("+19", 1)
    assert (row_at(picture, 18_695).pnl, row_at(picture, 18_695).pnl_sign) == ("−5", -1)
    short = ladder(61).view(screen(positions=[position(-100, price=18_700)]), 0)
    assert short.average == 18_700
    assert row_at(short, 18_719).pnl == "−19"


def test_a_rejected_entry_fades_and_a_rejected_stop_stays_until_acknowledged():
    made = ladder()
    entry_ = order("OMS-1", limit(price=18_715), OrdStatus.REJECTED, text="no funds")
    stop = order(
        "OMS-2", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_712), OrdStatus.REJECTED, text="too close"
    )
    made.rejects.take([entry_, stop, order("OMS-3", limit(symbol="MSFT"), OrdStatus.REJECTED)], 0)
    picture = made.view(screen(), 1)
    assert row_at(picture, 18_715).bid_reject == "no funds"
    assert row_at(picture, 18_712).ask_reject == "too close"
    later = made.view(screen(), REJECT_FADE_NS)
    assert row_at(later, 18_715).bid_reject == ""
    assert row_at(later, 18_712).ask_reject == "too close"
    made.rejects.acknowledge(["OMS-2"])
    assert made.rejects.showing(0) == []


@pytest.mark.parametrize(
    ("column", "price", "stop", "side", "ord_type"),
    [
        (Column.BID, 18_715, False, Side.BUY, OrdType.LIMIT),
        (Column.BID, 18_721, False, Side.BUY, OrdType.LIMIT),
        (Column.ASK, 18_719, False, Side.SELL, OrdType.LIMIT),
        (Column.ASK, 18_730, False, Side.SELL, OrdType.LIMIT),
        (Column.BID, 18_722, True, Side.BUY, OrdType.STOP),
        (Column.ASK, 18_718, True, Side.SELL, OrdType.STOP),
    ],
)
def test_a_click_places_by_column_and_button(column, price, stop, side, ord_type):
    request = entry(column, price, stock(), RULES, stop=stop, inside=INSIDE)
    assert isinstance(request, Place)
    terms = request.terms
    assert (terms.side, terms.ord_type, terms.stop_px if stop else terms.price) == (side, ord_type, price)
    assert request.words.startswith(f"{side} 100 AAPL {ord_type} {price / 100:.2f} DAY")


@pytest.mark.parametrize(
    ("column", "price", "stop", "text"),
    [
        (Column.BID, 18_722, False, "1t through ask 187.21"),
        (Column.ASK, 18_716, False, "3t through bid 187.19"),
        (Column.BID, 18_721, True, "would trigger at once against ask 187.21"),
        (Column.ASK, 18_719, True, "would trigger at once against bid 187.19"),
    ],
)
def test_the_wrong_side_is_refused_with_value_and_limit(column, price, stop, text):
    request = entry(column, price, stock(), RULES, stop=stop, inside=INSIDE)
    assert isinstance(request, Refused)
    assert text in request.text


def test_marketable_limits_pass_when_allowed_and_quantity_zero_never_sends():
    allowed = EntryRules(account=ACCOUNT, order_qty=100, marketable=True)
    assert isinstance(entry(Column.BID, 18_730, stock(), allowed, stop=False, inside=INSIDE), Place)
    nothing = EntryRules(account=ACCOUNT, order_qty=0)
    assert isinstance(entry(Column.BID, 18_715, stock(), nothing, stop=False, inside=INSIDE), Refused)


def test_an_order_only_reduces_when_all_of_its_side_together_cannot_pass_flat():
    sell = limit(Side.SELL, 18_730, 60)
    assert only_reduces(sell, 100, [])
    assert only_reduces(sell, 100, [order("OMS-1", limit(Side.SELL, 18_740, 40))])
    assert not only_reduces(sell, 100, [order("OMS-1", limit(Side.SELL, 18_740, 41))])
    assert not only_reduces(sell, -100, [])
    assert not only_reduces(sell, 0, [])


def test_a_drag_is_bound_to_its_version_and_says_what_it_costs():
    held = order("OMS-1", limit(price=18_715))
    drag = Drag(held, held.version, 18_715, 18_715)
    assert drag.label(stock()) == "187.15 +0t"
    drag.move_to(18_718)
    assert drag.label(stock()) == "187.18 +3t (3.00 USD) · loses queue place"
    assert drag.still_holds(held)
    assert not drag.still_holds(order("OMS-1", limit(price=18_715), version=2))
    assert not drag.still_holds(None)


def test_a_moved_stop_limit_keeps_its_distance():
    terms = limit(Side.SELL, 18_590, ord_type=OrdType.STOP_LIMIT, stop_px=18_600)
    assert AmendQueue().ask(order("OMS-1", terms), 18_605) == Move("OMS-1", 1, 18_595, 18_605)


def test_one_amend_is_in_flight_and_the_last_wish_follows_it():
    queue = AmendQueue()
    first = order("OMS-1", limit(price=18_710))
    assert queue.ask(first, 18_711) == Move("OMS-1", 1, 18_711, None)
    assert queue.ask(first, 18_712) is None
    assert queue.ask(first, 18_714) is None
    assert queue.target(first) == 18_714
    acked = order("OMS-1", limit(price=18_711), version=3)
    assert queue.settle({"OMS-1": acked}) == []
    queue.answered("OMS-1", ok=True)
    assert queue.settle({"OMS-1": acked}) == [Move("OMS-1", 3, 18_714, None)]
    queue.answered("OMS-1", ok=False)
    assert queue.target(acked) == 18_711
    assert queue.ask(acked, 18_711) is None


def test_a_nudge_from_off_the_grid_steps_onto_it_first():
    assert nudged(612_510, 1, future()) == 612_525
    assert nudged(612_510, -1, future()) == 612_500
    assert nudged(612_525, 5, future()) == 612_650
