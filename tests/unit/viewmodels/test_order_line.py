"""The typed order line, word by word; a wrong word is named where it stands."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.orders import Side, TimeInForce
from workstation.viewmodels.order_line import KEYWORDS, LineError, parse_line
from workstation.viewmodels.order_line_words import (
    Alert,
    All,
    AtMarket,
    AtPrice,
    AtQuote,
    AtTake,
    Bracket,
    BreakEven,
    BuyingPower,
    Cancel,
    Chart,
    Distance,
    Exit,
    Find,
    Go,
    Lock,
    OrderLine,
    Preset,
    Reverse,
    Risk,
    Size,
    Undo,
    Units,
    Workspace,
)

D = Decimal


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "b 300 aapl 187.20 day br 20t/40t",
            OrderLine(
                side=Side.BUY, symbol="AAPL", qty=Units(D(300)), at=AtPrice(D("187.20")), time_in_force=TimeInForce.DAY,
                bracket=Bracket(Distance(D(20), "t"), Distance(D(40), "t")),
            ),
        ),
        ("s all esz6 bid+1t", OrderLine(side=Side.SELL, symbol="ESZ6", qty=All(), at=AtQuote("bid", D(1)))),
        (
            "b risk 200 msft ask sl 410",
            OrderLine(side=Side.BUY, symbol="MSFT", qty=Risk(D(200)), at=AtQuote("ask"), stop_loss=AtPrice(D(410))),
        ),
        ("ss p2 tsla take 3t ioc", OrderLine(
            side=Side.SELL_SHORT, symbol="TSLA", qty=Preset(2), at=AtTake(D(3)), time_in_force=TimeInForce.IOC)),
        ("bc 25% EUR/USD mkt", OrderLine(
            side=Side.BUY_TO_COVER, symbol="EUR/USD", qty=BuyingPower(D(25)), at=AtMarket())),
        ("b 1.5k aapl", OrderLine(side=Side.BUY, symbol="AAPL", qty=Units(D(1500)))),
        ("b aapl", OrderLine(side=Side.BUY, symbol="AAPL")),
        ('b 2 "all" 5', OrderLine(side=Side.BUY, symbol="ALL", qty=Units(D(2)), at=AtPrice(D(5)))),
        ('b 2 "600519.ss" 5', OrderLine(side=Side.BUY, symbol="600519.SS", qty=Units(D(2)), at=AtPrice(D(5)))),
        ("b 1 cl -3.5 gtd 2026-12-31 hold acct SIM-CASH oco OMS-1", OrderLine(
            side=Side.BUY, symbol="CL", qty=Units(D(1)), at=AtPrice(D("-3.5")), time_in_force=TimeInForce.GTD,
            expire_date=dt.date(2026, 12, 31), hold=True, account="SIM-CASH", oco="OMS-1")),
        ("s 5 aapl 190 oco s 5 aapl stp 180 gtc", OrderLine(
            side=Side.SELL, symbol="AAPL", qty=Units(D(5)), at=AtPrice(D(190)), oco=OrderLine(
                side=Side.SELL, symbol="AAPL", qty=Units(D(5)), stop=AtPrice(D(180)),
                time_in_force=TimeInForce.GTC))),
        ("s 5 aapl stp 180 trail 1.5%", OrderLine(
            side=Side.SELL, symbol="AAPL", qty=Units(D(5)), stop=AtPrice(D(180)), trail=Distance(D("1.5"), "%"))),
        ("b 5 aapl last-2t sl 20t tp 195", OrderLine(
            side=Side.BUY, symbol="AAPL", qty=Units(D(5)), at=AtQuote("last", D(-2)), stop_loss=Distance(D(20), "t"),
            take_profit=AtPrice(D(195)))),
        ("b 1.5m aapl mid+2t fok", OrderLine(
            side=Side.BUY, symbol="AAPL", qty=Units(D(1_500_000)), at=AtQuote("mid", D(2)),
            time_in_force=TimeInForce.FOK)),
        ("s 5 aapl ask-1t tp 40t gtc", OrderLine(
            side=Side.SELL, symbol="AAPL", qty=Units(D(5)), at=AtQuote("ask", D(-1)),
            take_profit=Distance(D(40), "t"), time_in_force=TimeInForce.GTC)),
        ("x 50% aapl", Exit(D(50), "AAPL")),
        ("rev", Reverse(None)),
        ("c bids", Cancel("bids", None)),
        ("c asks", Cancel("asks", None)),
        ("c all", Cancel("all", None)),
        ("be msft", BreakEven("MSFT")),
        ("x", Exit(D(100), None)),
        ("rev esz6", Reverse("ESZ6")),
        ("c entries", Cancel("entries", None)),
        ("c aapl", Cancel(None, "AAPL")),
        ("be", BreakEven(None)),
        ("go msft", Go("MSFT")),
        ("chart 5M", Chart("5m")),
        ('ws "my charts"', Workspace("my charts")),
        ("size p3", Size(Preset(3))),
        ("size 2k", Size(Units(D(2000)))),
        ("alert aapl last > 190 and not halted", Alert("AAPL", "last > 190 and not halted")),
        ("lock 2h", Lock(7_200)),
        ("undo", Undo()),
        ("? risk limits", Find("risk limits")),
        ("?ladder", Find("ladder")),
    ],
)  # fmt: skip
def test_a_line_says_what_it_says(line, said):
    assert parse_line(line) == said


@pytest.mark.parametrize(
    ("line", "wrong", "expected"),
    [
        ("", "", "an order (b s ss bc) or a verb"),
        ("buy 3 aapl", "buy", "an order (b s ss bc) or a verb"),
        ("b", "", "a symbol"),
        ("b 300 187.20", "187.20", 'quoted: "187.20"'),
        ("b 300 all", "all", 'quoted: "ALL"'),
        ("b 300 aapl 187,20", "187,20", "a price, bid, ask, mid or last"),
        ("b 300 aapl 187.20 dya", "dya", "one of day gtc"),
        ("b 300 aapl 187.20 day gtc", "gtc", "each of these once"),
        ("b 300 aapl 187.20 br 20t", "20t", "stop and target such as 20t/40t"),
        ("b 300 aapl 187.20 br 20t/40t tp 5t", "tp", "either br, or sl and tp"),
        ("b 300 aapl 187.20 sl", "", "a price, or a distance"),
        ("b 300 aapl take 2", "2", "ticks such as 2t"),
        ("b 300 aapl 1 gtd 31.12.2026", "31.12.2026", "a date such as 2026-12-31"),
        ("b risk aapl", "aapl", "an amount of money to risk"),
        ('b 1 "aapl', '"aapl', "a symbol between quotes"),
        ("x 0%", "0%", "a share above 0 %"),
        ("x 101% aapl", "101%", "up to 100 %"),
        ("c", "", "a symbol or one of bids asks entries all"),
        ("undo now", "now", "the end"),
        ("alert aapl last >", "", "expected a number, a name"),
        ("lock 0m", "0m", "a duration such as 30m"),
        ("b 1e3 aapl 5", "1e3", "a symbol"),
        ("b nan aapl 5", "aapl", "a price"),
    ],
)
def test_the_wrong_word_is_named_where_it_stands(line, wrong, expected):
    with pytest.raises(LineError) as refused:
        parse_line(line)
    assert line[refused.value.start : refused.value.end] == wrong
    assert expected in refused.value.expected


@given(
    st.lists(
        st.sampled_from([*sorted(KEYWORDS), "300", "2k", "aapl", "5t", "1%", '"ALL"', "20t/40t", "1.5"]), max_size=8
    )
)
def test_any_line_is_read_or_refused_within_it(words):
    line = " ".join(words)
    refusal = _refusal(line)
    if refusal is not None:
        assert 0 <= refusal.start <= refusal.end <= len(line)
        assert refusal.expected


def _refusal(line):
    try:
        parse_line(line)
    except LineError as refused:
        return refused
    return None
