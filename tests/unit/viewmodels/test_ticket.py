"""What a ticket's fields say as an order, and every way in which they say none."""

import msgspec
import pytest

from tests.helpers.desktop_rig import ACCOUNT, START_NS, future, limit, order, position, quote, status, stock
from tests.helpers.fake_broker import CARD
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrdType, RiskClass, Side, TimeInForce, Trail, TrailKind
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.viewmodels.ticket import Draft, nearest_prices, next_opening, read
from workstation.viewmodels.ticket_fields import parse_price, parse_quantity, parse_trail, parse_utc
from workstation.viewmodels.ticket_outlook import in_less_room, nearest_limit, outlook, ticket_state
from workstation.viewmodels.ticket_venue import offer

DAY = 86_400_000_000_000
COIN = Instrument(
    symbol="BTC-USD",
    asset_class=AssetClass.CRYPTO,
    currency="USD",
    price_decimals=1,
    qty_decimals=4,
    ticks=(TickBand(0, 5),),
    lot=10,
    min_qty=10,
)


def reading(instrument=None, quoted=None, **fields):
    draft = Draft(**{"qty": "100", "price": "187.20", **fields})
    return read(draft, instrument or stock(), ACCOUNT, now_ns=START_NS, quote=quoted or quote())


def texts(found):
    return " ".join(finding.text for finding in found.findings)


@pytest.mark.parametrize(
    ("text", "units"),
    [("300", 300), ("2k", 2_000), ("1.5m", 1_500_000), ("1,500", 1_500), (" 2.5K ", 2_500), ("007", 7), ("0", 0)],
)
def test_quantities_take_multiples_and_grouping(text, units):
    assert parse_quantity(text, stock()) == units


def test_quantities_of_a_coin_are_exact():
    assert parse_quantity("0.125", COIN) == 1_250
    assert parse_quantity("1.2345k", COIN) == 12_345_000


@pytest.mark.parametrize(
    "text",
    ["", " ", "nan", "inf", "1e3", "1,50", "k", "--1", "1.2.3", "12 k\x00", "٣", "0x10", "1_000", "9" * 60, "0.5"],
)
def test_what_is_no_plain_number_is_refused(text):
    with pytest.raises(ValidationError):
        parse_quantity(text, stock())


def test_prices_and_distances_are_read_exactly():
    assert parse_price("187.2", stock()) == 18_720
    assert parse_price("-0.25", future()) == -25
    assert parse_trail("0.50", stock()) == Trail(TrailKind.PRICE, 50)
    assert parse_trail("5t", stock()) == Trail(TrailKind.TICKS, 5)
    assert parse_trail("25 bps", stock()) == Trail(TrailKind.BPS, 25)
    assert parse_trail("0.25%", stock()) == Trail(TrailKind.BPS, 25)
    with pytest.raises(ValidationError):
        parse_trail("wide", stock())


def test_times_are_utc_and_a_bare_time_is_today():
    assert parse_utc("2024-01-02 16:00", START_NS) == START_NS + DAY // 24
    assert parse_utc("16:00", START_NS) == START_NS + DAY // 24
    with pytest.raises(ValidationError, match="is not a time"):
        parse_utc("tomorrow", START_NS)


def test_a_complete_draft_is_an_order_in_words():
    found = reading()
    assert found.is_complete
    assert found.terms == limit(price=18_720)
    assert found.words == "BUY 100 AAPL LIMIT 187.20 DAY · SIM-1"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ord_type": OrdType.MARKET, "side": Side.SELL}, "SELL 100 AAPL MARKET DAY · SIM-1"),
        ({"ord_type": OrdType.STOP, "stop": "188"}, "BUY 100 AAPL STOP 188.00 DAY · SIM-1"),
        ({"ord_type": OrdType.STOP_LIMIT, "stop": "188"}, "BUY 100 AAPL STOP 188.00 LIMIT 187.20 DAY · SIM-1"),
        ({"ord_type": OrdType.TRAILING_STOP, "trail": "5t"}, "BUY 100 AAPL TRAIL 5t DAY · SIM-1"),
        (
            {"ord_type": OrdType.TRAILING_STOP, "trail": "5t", "activation": "186.5"},
            "BUY 100 AAPL TRAIL 5t ONCE AT 186.50 DAY · SIM-1",
        ),
        ({"tif": TimeInForce.GTD, "expire": "16:30"}, "BUY 100 AAPL LIMIT 187.20 GTD 2024-01-02 16:30 UTC · SIM-1"),
        (
            {"post_only": True, "reduce_only": True, "display": "20"},
            "BUY 100 AAPL LIMIT 187.20 DAY POST-ONLY REDUCE-ONLY SHOWING 20 · SIM-1",
        ),
        (
            {"stop_loss": "186", "take_profit": "190"},
            "BUY 100 AAPL LIMIT 187.20 DAY · STOP-LOSS 186.00 · TAKE-PROFIT 190.00 · SIM-1",
        ),
    ],
)
def test_each_kind_of_order_says_itself(fields, words):
    found = reading(**fields)
    assert texts(found) == ""
    assert found.words == words


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"qty": ""}, "qty", "Quantity is empty"),
        ({"qty": "0"}, "qty", "not above 0"),
        ({"qty": "2m"}, "qty", "is above 1000000"),
        ({"price": ""}, "price", "Price is empty"),
        ({"ord_type": OrdType.STOP, "stop": "187.10"}, "stop", "must be above the ask 187.21"),
        ({"ord_type": OrdType.STOP, "stop": "187.20", "side": Side.SELL}, "stop", "must be below the bid 187.19"),
        ({"tif": TimeInForce.GTD, "expire": "14:00"}, "expire", "has passed"),
        ({"tif": TimeInForce.GTD}, "expire", "is not a time"),
        ({"ord_type": OrdType.STOP, "stop": "188", "tif": TimeInForce.IOC}, "tif", "goes with MARKET and LIMIT"),
        ({"post_only": True, "tif": TimeInForce.IOC}, "post_only", "can rest"),
        ({"display": "200"}, "display", "within its quantity"),
        ({"stop_loss": "188"}, "stop_loss", "must be below 187.20"),
        ({"take_profit": "187"}, "take_profit", "must be above 187.20"),
        ({"ord_type": OrdType.TRAILING_STOP, "trail": "0"}, "trail", "not above 0"),
        ({"ord_type": OrdType.TRAILING_STOP, "trail": "5t", "activation": "186.505"}, "activation", "not on the tick"),
    ],
)
def test_each_wrong_field_is_named_with_its_rule(fields, field, text):
    found = reading(**fields)
    assert not found.is_complete
    assert [finding.field for finding in found.findings][:1] == [field]
    assert text in texts(found)


def test_an_off_tick_price_offers_the_two_nearest():
    (finding,) = reading(price="187.205").findings
    assert (finding.field, finding.fixes) == ("price", ("187.20", "187.21"))
    (coarse,) = reading(future(), quote("ESZ6", bid=612_500, ask=612_525), price="6125.10").findings
    assert coarse.fixes == ("6125.00", "6125.25")
    (leg,) = reading(future(), quote("ESZ6", bid=612_500, ask=612_525), price="6125", stop_loss="6120.1").findings
    assert leg.fixes == ("6120.00", "6120.25")
    assert nearest_prices("0.004", stock()) == ("0.01",)


def test_an_off_lot_quantity_offers_the_two_nearest():
    (finding,) = reading(stock(lot=30)).findings
    assert finding.fixes == ("90", "120")


def test_a_closed_market_takes_only_priced_orders_for_the_next_opening():
    closed = quote(phase=SessionPhase.CLOSED)
    assert reading(quoted=closed).is_complete
    assert "next opening" in texts(reading(quoted=closed, ord_type=OrdType.MARKET))
    assert "next opening" in texts(reading(quoted=closed, tif=TimeInForce.IOC))


def test_fields_that_the_type_does_not_use_are_ignored():
    assert reading(ord_type=OrdType.MARKET, price="rubbish", stop="rubbish").is_complete


def verdict(*results, risk=RiskClass.INCREASE):
    return Verdict(risk_class=risk, passed=all(r.passed for r in results), qty=100, results=results)


def rule(code, limit_text, headroom, *, passed=True, text=""):
    return RuleResult(code=code, passed=passed, kind=DenialKind.RISK, limit=limit_text, headroom=headroom, text=text)


def seen(found, answer=None, **changes):
    fields = {"quote": quote(), "held": position(100), "working": [], "verdict": answer}
    return outlook(found, stock(), **{**fields, **changes})


def test_the_outlook_says_notional_position_and_the_nearest_limit():
    answer = verdict(rule("ORDER_NOTIONAL", "50,000 USD", "31,280 USD"), rule("POSITION_QTY", "1000", "100"))
    shown = seen(reading(), answer, working=[order("OMS-1", limit(qty=500))])
    assert shown.notional == "18,720.00 USD"
    assert shown.position == "+100 → +200 · +700 if all fill"
    assert shown.limit == "100 of 1000 left: position qty"
    assert (shown.refusal, shown.reduces) == ("", False)
    assert nearest_limit(verdict()) is None


def test_the_outlook_shows_the_gates_own_refusal_and_class():
    text = "Refused: price collar. 187.95 is 31t through ask 187.64; limit 25t."
    assert seen(reading(), verdict(rule("PRICE_COLLAR", "25t", "", passed=False, text=text))).refusal == text
    assert seen(reading(side=Side.SELL), verdict(risk=RiskClass.REDUCE)).reduces
    assert seen(reading(qty="")).position == "—"


def test_a_market_order_is_valued_at_the_opposite_side():
    assert seen(reading(ord_type=OrdType.MARKET)).notional == "≈ 18,721.00 USD"
    assert seen(reading(ord_type=OrdType.MARKET, side=Side.SELL), held=None).position == "0 → −100"


def test_residence_names_where_order_and_legs_live():
    assert seen(reading()).residence == "EX"
    assert seen(reading(stop_loss="186")).residence.startswith("EX · legs PC until the entry fills, then stop EX")


@pytest.mark.parametrize(
    ("quoted", "state", "text", "can_send"),
    [
        (quote(), status(venue_state="DOWN"), "Venue link DOWN", False),
        (quote(), status(venue_state="DOWN", storage_trouble="VIEW ONLY: damaged"), "VIEW ONLY: damaged", False),
        (quote(), status(storage_trouble="disk full"), "Storage: disk full. Only exits are sent.", True),
        (None, status(), "No quote of AAPL", True),
        (quote(freshness="STALE", age_ms=7_300, reason="quotes silent"), status(), "7.3 s old (quotes silent)", True),
        (quote(phase=SessionPhase.HALTED), status(), "halted", True),
        (quote(phase=SessionPhase.CLOSED), status(), "Market closed", True),
        (quote(), status(), "Disarmed", True),
    ],
)
def test_each_state_of_the_data_is_said(quoted, state, text, can_send):
    shown = ticket_state("AAPL", quoted, state, None)
    assert text in shown.text
    assert shown.can_send is can_send


def test_what_a_state_forbids_stands_within_the_thirty_letters_that_a_narrow_ticket_shows():
    old = quote(freshness="STALE", age_ms=7_300, reason="no update")
    assert ticket_state("AAPL", old, status(), None).text[:30].startswith("New risk refused:")
    down = ticket_state("AAPL", quote(), status(venue_state="DOWN"), None)
    assert down.text[:30] == "Venue link DOWN: nothing sent;"


@pytest.mark.parametrize(
    ("side", "stop_loss", "take_profit", "prices"),
    [
        (Side.BUY, "20t", "40t", (18_700, 18_760)),
        (Side.SELL, "20t", "40t", (18_740, 18_680)),
        (Side.BUY, "0.5%", "1%", (18_627, 18_908)),
        (Side.SELL, "0.5%", "1%", (18_813, 18_532)),
        (Side.BUY, "50 USD", "100usd", (18_670, 18_820)),
        (Side.SELL, "33.33USD", "33.33 usd", (18_753, 18_686)),
        (Side.BUY, "10t", "190", (18_710, 19_000)),
    ],
)
def test_legs_are_distances_in_ticks_percent_or_money_and_never_lose_more(side, stop_loss, take_profit, prices):
    found = reading(side=side, stop_loss=stop_loss, take_profit=take_profit)
    assert not found.findings
    assert (found.stop_loss_px, found.take_profit_px) == prices
    assert f"STOP-LOSS {stock().price_text(prices[0])}" in found.words


def test_money_at_a_leg_counts_the_contracts_multiplier():
    quoted = quote("ESZ6", bid=612_500, ask=612_525)
    found = reading(future(), quoted, qty="2", price="6125", stop_loss="530 USD", take_profit="530 USD")
    assert (found.stop_loss_px, found.take_profit_px) == (611_975, 613_050)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"stop_loss": "0t"}, "must be a distance above 0"),
        ({"stop_loss": "1.5t"}, "whole ticks"),
        ({"stop_loss": "-1%"}, "above 0"),
        ({"stop_loss": "x%"}, "is not a number"),
        ({"stop_loss": "0.5 USD"}, "nearer than one tick"),
        ({"stop_loss": "120%"}, "below any price"),
        ({"take_profit": "20 EUR"}, "is not a number"),
    ],
)
def test_a_distance_that_is_none_is_named(fields, text):
    (found,) = reading(**fields).findings
    assert text in found.text
    assert found.field in fields


def test_a_distance_from_no_price_is_refused():
    (found,) = reading(quoted=quote(bid=None, ask=None), ord_type=OrdType.MARKET, price="", stop_loss="20t").findings
    assert "needs an entry price" in found.text


def test_a_protected_market_order_needs_a_quote_and_an_open_market():
    bounded = {"ord_type": OrdType.MARKET, "true_market": False}
    assert reading(**bounded, side=Side.SELL).terms == limit(Side.SELL, 18_709)
    assert "needs a quote" in texts(reading(quoted=quote(ask=None), **bounded))
    assert "next opening" in texts(reading(quoted=quote(phase=SessionPhase.CLOSED), **bounded))


NARROW = msgspec.structs.replace(
    CARD,
    venue="V",
    ord_types=frozenset({OrdType.LIMIT}),
    times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC}),
)


def test_what_the_venue_lacks_is_refused_by_name_or_kept_here():
    def carded(**fields):
        found = read(Draft(qty="100", **fields), stock(), ACCOUNT, now_ns=START_NS, quote=quote(), card=NARROW)
        return [(finding.field, finding.text) for finding in found.findings]

    assert carded(ord_type=OrdType.MARKET) == [("type", "V takes no order type MARKET; it takes LIMIT.")]
    assert carded(price="187", tif=TimeInForce.FOK) == [("tif", "V takes no time in force FOK; it takes DAY, GTC.")]
    assert carded(ord_type=OrdType.STOP, stop="190") == []
    assert carded(price="187", tif=TimeInForce.GTD, expire="16:30") == []
    assert offer(OrdType.STOP, NARROW).on_pc


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stop_loss": "186"}, "EX · legs PC until the entry fills, then stop PC"),
        ({"stop_loss": "186", "take_profit": "190"}, "EX · legs PC until the entry fills, then stop PC, target EX"),
        ({"ord_type": OrdType.STOP, "stop": "190"}, "PC"),
        ({"tif": TimeInForce.GTD, "expire": "16:30"}, "EX, its GTD on PC"),
    ],
)
def test_residence_is_read_from_the_venues_card(fields, words):
    assert seen(reading(**fields), card=NARROW).residence == f"V {words}", "the venue that it goes to stands first"


def test_a_quantity_out_of_bounds_and_a_stop_that_would_trigger_have_one_click_fixes():
    assert reading(qty="2m").findings[0].fixes == ("1000000",)
    small = msgspec.structs.replace(stock(), min_qty=10)
    assert reading(small, qty="5").findings[0].fixes == ("10",)
    assert reading(ord_type=OrdType.STOP, stop="187.10").findings[0].fixes == ("187.22",)
    assert reading(ord_type=OrdType.STOP, stop="187.20", side=Side.SELL).findings[0].fixes == ("187.18",)


def test_a_closed_market_says_when_it_opens_unless_its_calendar_says_it_is_open():
    closed, evening = quote(phase=SessionPhase.CLOSED), START_NS + 8 * 3_600 * 10**9
    listed = msgspec.structs.replace(stock(), calendar="XNYS")
    draft = Draft(qty="100", ord_type=OrdType.MARKET)
    (found,) = read(draft, listed, ACCOUNT, now_ns=evening, quote=closed).findings
    assert found.text.startswith("Market closed until 2024-01-03 14:30 UTC: only a limit order")
    assert "waits at the venue" in found.text
    assert next_opening(listed, closed, START_NS) == ""
    assert next_opening(listed, quote(), evening) == ""
    assert next_opening(msgspec.structs.replace(stock(), calendar="ELSEWHERE"), closed, evening) == ""


def test_a_line_of_the_outlook_names_its_currency_once_then_leaves_out_its_last_parts():
    text = "fees 0.30 USD · margin +9,360.00 USD · buying power 100,000.00"
    assert in_less_room(text, "USD") == (
        "fees 0.30 · margin +9,360.00 USD · buying power 100,000.00",
        "fees 0.30 · margin +9,360.00 USD",
        "fees 0.30 USD",
    )
    assert in_less_room("no stop, no target", "USD") == ()
