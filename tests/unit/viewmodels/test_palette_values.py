"""What the palette offers, what a typed line stages, and how one registry stands behind every door."""

import pytest

from tests.helpers.desktop_rig import ACCOUNT, position, quote, stock
from workstation.domain.accounts import Environment, LockState
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdType, Side, TimeInForce, TrailKind
from workstation.viewmodels.frames import AccountSnap
from workstation.viewmodels.hotkeys import FocusSnapshot, Refused, Stage
from workstation.viewmodels.order_line import parse_line
from workstation.viewmodels.order_line_staging import staged
from workstation.viewmodels.palette import RECENT_KEPT, Entry, Recent, Sort, completions, read_typed, search

FUNDS = AccountSnap(
    account=ACCOUNT,
    environment=Environment.SIM,
    venue="SIM",
    currency="USD",
    cash=0,
    equity=100_000 * MONEY_ONE,
    buying_power=50_000 * MONEY_ONE,
    realised=0,
    unrealised=0,
    fees=0,
    net=0,
    drawdown=0,
    day_limit=None,
    unpriced=(),
    lock=LockState.UNLOCKED,
    lock_reason="",
    lockout="",
)


def stage(text, **changes):
    fields = {
        "account": ACCOUNT,
        "instrument": stock(),
        "quote": quote(bid=18_719, ask=18_722),
        "working": [],
        "position": None,
        "size": 10,
        "funds": FUNDS,
    }
    return staged(parse_line(text), FocusSnapshot(**{**fields, **changes}), (1, 5, 10, 100, 500))


def command(name, title):
    return Entry(sort=Sort.COMMAND, name=name, title=title)


ENTRIES = [
    command("trade.flatten", "Flatten the focus"),
    command("risk.limit", "Set limit"),
    command("view.palette", "Command palette"),
    Entry(sort=Sort.INSTRUMENT, name="FLAT", title="FLAT · Flatland Corp."),
]


def test_an_instrument_is_found_by_its_isin_and_a_command_not_by_its_keys():
    apple = Entry(sort=Sort.INSTRUMENT, name="AAPL", title="AAPL · Apple Inc.", key="US0378331005")
    other = Entry(sort=Sort.COMMAND, name="us.exit", title="Exit", key="US0378331005")
    for typed in ("us0378331005", "US0378331005", "us03"):
        assert search(typed, [other, apple], Recent()) == [apple]
    assert search("us0", [other, apple], Recent()) == []


def test_a_search_puts_the_exact_name_first_then_starts_then_words_then_letters():
    assert [entry.name for entry in search("flat", ENTRIES, Recent())] == ["FLAT", "trade.flatten"]
    assert [entry.name for entry in search("limit", ENTRIES, Recent())] == ["risk.limit"]
    assert [entry.name for entry in search("cmdpal", ENTRIES, Recent())] == ["view.palette"]
    assert search("zzz", ENTRIES, Recent()) == []


def test_recent_choices_come_first_and_are_bounded():
    recent = Recent()
    recent.chose(ENTRIES[2])
    assert next(iter(search("", ENTRIES, recent))).name == "view.palette"
    for number in range(RECENT_KEPT):
        recent.chose(command(f"c.{number}", "x"))
    assert recent.rank(ENTRIES[2]) == RECENT_KEPT


@pytest.mark.parametrize("text", ["b 300 aapl 187.20", "x", "rev", "c entries", "undo"])
def test_what_begins_with_a_side_or_verb_is_a_line(text):
    assert read_typed(text).line is not None


@pytest.mark.parametrize("text", ["b", "be aware of", "flatten", "buy", "? flat"])
def test_other_texts_are_searches_or_faults_and_never_an_order(text):
    assert read_typed(text).line is None


def test_a_wrong_word_is_named_by_place_with_what_was_expected():
    fault = read_typed("b 300 aapl 187.20 dya").fault
    assert (fault.start, fault.end) == (18, 21)
    assert "one of day gtc" in fault.expected


def test_completions_offer_symbols_where_a_symbol_may_stand_and_quote_odd_ones():
    assert [entry.name for entry in completions("b 300 a", ["AAPL", "MSFT", "AMD"])] == ["b 300 aapl ", "b 300 amd "]
    assert completions("b 300 aapl a", ["AAPL"]) == []
    assert [entry.name for entry in completions("go a", ["ALL"])] == ['go "ALL" ']
    assert [entry.title for entry in completions("c e", ["ESZ6"])] == ["entries", "ESZ6"]


def test_the_lines_of_the_manual_stage_what_they_say():
    first = stage("b 300 aapl 187.20 day br 20t/40t")
    assert isinstance(first, Stage)
    assert (first.terms.side, first.terms.order_qty, first.terms.price) == (Side.BUY, 300, 18_720)
    assert (first.stop_loss_px, first.take_profit_px) == (18_700, 18_760)
    assert first.words == "BUY 300 AAPL LIMIT 187.20 DAY · STOP-LOSS 187.00 · TAKE-PROFIT 187.60 · SIM-1"
    second = stage("s all aapl bid+1t", position=position(250))
    assert isinstance(second, Stage)
    assert (second.terms.order_qty, second.terms.price) == (250, 18_720)
    third = stage("b risk 200 aapl ask sl 186.22")
    assert isinstance(third, Stage)
    assert (third.terms.order_qty, third.stop_loss_px) == (200, 18_622)


@pytest.mark.parametrize(
    ("text", "ord_type", "price", "stop"),
    [
        ("b 5 aapl mkt", OrdType.MARKET, None, None),
        ("b 5 aapl take 2t", OrdType.LIMIT, 18_724, None),
        ("s 5 aapl take 2t", OrdType.LIMIT, 18_717, None),
        ("b 5 aapl mid", OrdType.LIMIT, 18_720, None),
        ("s 5 aapl mid", OrdType.LIMIT, 18_721, None),
        ("b 5 aapl stp 188", OrdType.STOP, None, 18_800),
        ("b 5 aapl 188.10 stp 188", OrdType.STOP_LIMIT, 18_810, 18_800),
        ("b 5 aapl", OrdType.LIMIT, None, None),
    ],
)
def test_prices_become_types_and_grid_prices_and_no_price_stays_open(text, ord_type, price, stop):
    request = stage(text)
    assert isinstance(request, Stage)
    terms = request.terms
    assert (terms.ord_type, terms.price, terms.stop_px) == (ord_type, price, stop)


@pytest.mark.parametrize(
    ("text", "qty"),
    [("b p4 aapl 187", 100), ("b 10% aapl 100", 50), ("b aapl 187", 10), ("b 2k aapl 187", 2_000)],
)
def test_sizes_are_presets_shares_of_buying_power_and_numbers(text, qty):
    request = stage(text)
    assert isinstance(request, Stage)
    assert request.terms.order_qty == qty


def test_trails_and_dates_are_carried():
    trailing = stage("s 5 aapl trail 1.5%")
    assert isinstance(trailing, Stage)
    assert (trailing.terms.trail.kind, trailing.terms.trail.offset) == (TrailKind.BPS, 150)
    dated = stage("b 5 aapl 187 gtd 2026-12-31")
    assert isinstance(dated, Stage)
    assert dated.terms.time_in_force is TimeInForce.GTD
    assert "2027-01-01 00:00" in dated.words


@pytest.mark.parametrize(("text", "side"), [("ss 5 aapl 187", Side.SELL_SHORT), ("bc 5 aapl 187", Side.BUY_TO_COVER)])
def test_short_sales_and_covers_are_marked(text, side):
    request = stage(text)
    assert isinstance(request, Stage)
    assert request.terms.side is side


def test_a_pair_is_staged_as_one_and_said_in_full():
    request = stage("b 5 aapl 187 oco b 4 aapl stp 188")
    assert isinstance(request, Stage)
    assert (request.oco.ord_type, request.oco.order_qty, request.oco.stop_px) == (OrdType.STOP, 4, 18_800)
    assert request.words == "BUY 5 AAPL LIMIT 187.00 DAY · SIM-1 · OCO BUY 4 AAPL STOP 188.00 DAY · SIM-1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s all aapl bid", "There is no position in AAPL to sell."),
        ("b risk 200 aapl 187", "risk needs a price and a stop"),
        ("b risk 200 aapl 187 sl 188", "wrong side"),
        ("b 10% aapl", "needs a price"),
        ("b aapl 187 oco OMS-1", "type both orders as one line"),
        ("b aapl 187 oco b msft 187", "of one instrument"),
        ("b aapl 187 oco b aapl 187", "are the same"),
        ("b aapl 187 sl 186 oco b aapl stp 188", "carries no sl"),
        ("b aapl 187 oco b aapl stp 188 tp 189", "carries no sl"),
        ("b aapl 187 oco b aapl mkt", "leaves nothing"),
        ("b aapl 187 oco b aapl", "need their price"),
        ("b aapl 187 oco b aapl 186 oco b aapl 185", "two orders"),
        ("b 5 aapl 187 acct other", "The ticket trades SIM-1"),
        ("b aapl sl 5t", "needs the order's price"),
        ("b 5 aapl 187.2051", "187.2051"),
    ],
)
def test_what_cannot_be_staged_says_why(text, words):
    request = stage(text)
    assert isinstance(request, Refused)
    assert words in request.text


def test_a_quote_that_is_absent_asks_for_a_price():
    request = stage("b 5 aapl bid", quote=quote(freshness="ABSENT"))
    assert request == Refused("AAPL has no bid now; type a price.")
