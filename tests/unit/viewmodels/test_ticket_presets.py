"""Presets of the ticket: which layer wins, how much is bought by rule, and what a file of them may say."""

import pytest

from tests.helpers.desktop_rig import future, quote, stock
from workstation.domain.errors import UserError
from workstation.domain.orders import Side
from workstation.viewmodels.ticket_peg import Peg, PegTo
from workstation.viewmodels.ticket_presets import Preset, problem, ruled_quantity, value
from workstation.viewmodels.ticket_presets_file import changed_text, read_presets

FILE = """# what tickets start with
[all]
tif = "DAY"          # for everything
stop_loss = "20t"

[class.FUTURE]
qty = "2"

[symbol.AAPL]
qty = "300"
close = "33%"
"""


def test_the_nearest_layer_that_names_a_value_gives_it():
    presets = {**read_presets(FILE), "ticket": Preset(tif="GTC")}
    assert value(presets, stock(), "tif").layer == "this ticket"
    assert value(presets, stock(), "qty").text == "300"
    assert value(presets, future(), "qty").layer == "class FUTURE"
    assert value(presets, stock("MSFT"), "qty").text == ""
    assert value(presets, None, "stop_loss").layer == "every ticket"


@pytest.mark.parametrize(
    ("side", "held", "qty", "word"),
    [
        (Side.BUY, 0, "300", "Opening"),
        (Side.SELL_SHORT, 0, "300", "Opening"),
        (Side.BUY, 100, "400", "Adding"),
        (Side.BUY, 700, "0", "Adding"),
        (Side.SELL, 101, "33", "Closing"),
        (Side.BUY_TO_COVER, -101, "33", "Closing"),
        (Side.SELL, -100, "400", "Adding"),
        (Side.SELL, 2, "0", "Closing"),
    ],
)
def test_a_quantity_opens_adds_up_to_a_target_or_closes_a_share(side, held, qty, word):
    presets = {"all": Preset(qty="300", add_to="500", close="33%")}
    ruled = ruled_quantity(presets, stock(), side, held, 100)
    assert (ruled.text, ruled.word) == (qty, word)


def test_a_share_is_rounded_down_to_the_lot():
    assert ruled_quantity({"all": Preset(close="50%")}, stock(lot=100), Side.SELL, 500, 1).text == "200"


def test_without_a_preset_the_chosen_size_is_taken_whatever_is_held():
    for held in (0, 50, -50):
        assert ruled_quantity({}, stock(), Side.BUY, held, 100).text == "100"


def test_a_change_keeps_comments_and_order_and_takes_a_value_out_again():
    changed = changed_text(changed_text(FILE, "symbol.AAPL", "close", "50%"), "class.STOCK", "add_to", "1k")
    kept = iter(changed.splitlines())
    assert all(line in kept for line in FILE.replace("33%", "50%").splitlines() if line)
    assert read_presets(changed)["class.STOCK"].add_to == "1k"
    mixed = FILE + "[class.STOCK]\nqty = '1'\n"
    assert read_presets(changed_text(mixed, "class.ETF", "qty", "5"))["class.ETF"].qty == "5"
    assert "tif" not in changed_text(FILE, "all", "tif", "")
    assert read_presets(changed_text("", "symbol.ESZ6", "qty", "3"))["symbol.ESZ6"].qty == "3"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[all\n", "line 1"),
        ("[each]\nqty = '1'", "[each] is no layer"),
        ("[class.SHARE]\nqty = '1'", "no class"),
        ("[all]\nsize = '1'", "size"),
        ("[all]\nqty = 5", "[all]"),
        ("[all]\nclose = '120%'", "a share of the position"),
        ("[symbol.AAPL]\nstop_loss = '186.50'", "a distance such as"),
        ("class = 3", "[class] is no layer"),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(text, words):
    with pytest.raises(UserError, match=words.replace("[", r"\[")):
        read_presets(text)


@pytest.mark.parametrize(
    ("field", "text", "good"),
    [
        ("qty", "2k", True),
        ("qty", "-5", False),
        ("close", "100", True),
        ("close", "0%", False),
        ("close", "half", False),
        ("ord_type", "STOP", True),
        ("ord_type", "STOPPED", False),
        ("tif", "GTC", True),
        ("take_profit", "200 EUR", True),
        ("take_profit", "0t", False),
        ("take_profit", "", True),
    ],
)
def test_each_value_is_judged_by_its_field(field, text, good):
    assert (problem(field, text) == "") is good


@pytest.mark.parametrize(
    ("peg", "side", "price"),
    [
        (Peg(PegTo.BID), Side.BUY, 18_719),
        (Peg(PegTo.ASK, -2), Side.BUY, 18_720),
        (Peg(PegTo.MID), Side.BUY, 18_720),
        (Peg(PegTo.MID), Side.SELL, 18_721),
        (Peg(PegTo.LAST, 1), Side.SELL, 18_720),
    ],
)
def test_a_peg_follows_one_price_and_a_mid_lies_on_the_passive_side(peg, side, price):
    assert peg.price(quote(bid=18_719, ask=18_722), stock(), side) == price


def test_a_peg_has_no_price_without_a_quote():
    assert Peg(PegTo.MID).price(quote(ask=None), stock(), Side.BUY) is None
    assert Peg(PegTo.BID).price(quote(freshness="ABSENT"), stock(), Side.BUY) is None
    assert Peg(PegTo.BID).price(None, stock(), Side.BUY) is None
