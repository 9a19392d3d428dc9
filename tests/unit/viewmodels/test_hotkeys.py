"""What a key means on one snapshot of the trade focus."""

import pytest

from tests.helpers.desktop_rig import ACCOUNT, future, limit, order, position, quote, stock
from tests.helpers.source_tree import ROOT
from workstation.commands.keymap import KEY_COMMANDS, declare_keys
from workstation.commands.registry import CommandRegistry, RunsOn
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    Side,
)
from workstation.viewmodels.hotkey_actions import request_of
from workstation.viewmodels.hotkey_binds import REDUCES, Press
from workstation.viewmodels.hotkey_file import read_hotkeys
from workstation.viewmodels.hotkeys import (
    DOUBLE_PRESS_NS,
    CancelNewest,
    CancelWorking,
    DoublePress,
    Exit,
    FocusSnapshot,
    Nudge,
    Place,
    Refused,
    Run,
)

STOP_LEG = GroupLink(group_id="G", contingency=Contingency.BRACKET, role=LegRole.STOP_LOSS, parent="OMS-1")

SHIPPED = read_hotkeys((ROOT / "resources" / "hotkeys" / "default.toml").read_text())


def decide(command, snapshot):
    """Read the shipped bind of a command."""
    name = command.partition(".")[2]
    return request_of(next(bind for bind in SHIPPED.binds if bind.id == name), SHIPPED, snapshot)


def focus(**changes):
    fields = {
        "account": ACCOUNT,
        "instrument": stock(),
        "quote": quote(bid=18_719, ask=18_722),
        "working": [],
        "position": None,
        "size": 100,
    }
    return FocusSnapshot(**{**fields, **changes})


@pytest.mark.parametrize(
    ("command", "side", "price"),
    [
        ("trade.buy_join", Side.BUY, 18_719),
        ("trade.sell_join", Side.SELL, 18_722),
        ("trade.buy_improve", Side.BUY, 18_720),
        ("trade.sell_improve", Side.SELL, 18_721),
        ("trade.buy_take", Side.BUY, 18_724),
        ("trade.sell_take", Side.SELL, 18_717),
    ],
)
def test_an_entry_key_is_a_limit_order_at_the_price_it_names(command, side, price):
    request = decide(command, focus())
    assert isinstance(request, Place)
    terms = request.terms
    assert (terms.side, terms.ord_type, terms.order_qty, terms.price) == (side, OrdType.LIMIT, 100, price)
    assert (terms.symbol, terms.account) == ("AAPL", ACCOUNT)


def test_prices_step_on_the_instruments_own_grid():
    request = decide("trade.buy_take", focus(instrument=future(), quote=quote("ESZ6", bid=612_500, ask=612_525)))
    assert isinstance(request, Place)
    assert request.terms.price == 612_575


def test_the_words_say_the_order_that_is_sent():
    request = decide("trade.buy_join", focus())
    assert isinstance(request, Place)
    assert request.words == "BUY 100 AAPL LIMIT 187.19 DAY · SIM-1"


def test_improving_never_crosses():
    request = decide("trade.buy_improve", focus(quote=quote(bid=18_719, ask=18_720)))
    assert isinstance(request, Refused)
    assert request.text == "Refused: Shift+F1 needs spread > 1t; spread is 1t."


def test_a_missing_side_refuses_by_its_name():
    request = decide("trade.buy_take", focus(quote=quote(ask=None)))
    assert request == Refused("Refused: ask is absent. AAPL has no ask; wait for a quote.")
    absent = decide("trade.sell_take", focus(quote=quote(freshness="ABSENT")))
    assert isinstance(absent, Refused)
    assert "bid is absent" in absent.text


def test_a_stale_quote_goes_on_to_the_gate():
    assert isinstance(decide("trade.buy_join", focus(quote=quote(freshness="STALE"))), Place)


def test_a_take_over_a_wide_spread_is_refused_with_value_and_limit():
    request = decide("trade.buy_take", focus(quote=quote(bid=18_000, ask=18_720)))
    assert isinstance(request, Refused)
    assert "720t" in request.text
    assert "20t" in request.text


def test_a_size_below_one_lot_is_refused_and_others_round_down_to_the_lot():
    assert isinstance(decide("trade.buy_join", focus(instrument=stock(lot=200))), Refused)
    request = decide("trade.buy_join", focus(instrument=stock(lot=30)))
    assert isinstance(request, Place)
    assert request.terms.order_qty == 90


def test_cancel_keeps_protective_stops_while_a_position_stands():
    stop = order("OMS-2", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600), link=STOP_LEG)
    held = decide("trade.cancel_working", focus(working=[order(), stop], position=position(100)))
    assert held == CancelWorking(
        whole_account=False,
        include_protective=False,
        words="Cancelling 1 order in AAPL, protective stops kept",
    )
    flat = decide("trade.cancel_working", focus(working=[order(), stop]))
    assert isinstance(flat, CancelWorking)
    assert flat.include_protective


def test_a_cancel_goes_out_although_no_order_is_on_the_screen_yet():
    assert isinstance(decide("trade.cancel_working", focus()), CancelWorking)
    assert isinstance(decide("trade.cancel_newest", focus()), CancelNewest)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ((), "Cancelling all orders of SIM-1, protective stops included"),
        (("AAPL",), "Cancelling all orders of SIM-1, protective stops included: 1 position left unprotected, AAPL"),
        (
            ("AAPL", "MSFT"),
            "Cancelling all orders of SIM-1, protective stops included: 2 positions left unprotected, AAPL, MSFT",
        ),
    ],
)
def test_cancelling_an_account_counts_the_positions_left_unprotected(held, said):
    request = decide("trade.cancel_account", focus(held=held))
    assert request == CancelWorking(whole_account=True, include_protective=True, words=said)


OFF_GRID = """version = 1
[defaults]
qty = "preset"
tif = "DAY"
[[bind]]
id = "in"
keys = "F1"
do = "{do}"
price = "{price}"
attach = [{{ do = "stop", price = "{stop}" }}]
"""


@pytest.mark.parametrize(
    ("do", "price", "stop", "entry_px", "stop_px"),
    [
        ("buy_limit", "bid - 5bps * bid", "bid - 1%  * bid", 18_709, 18_531),
        ("sell_limit", "ask + 5bps * ask", "ask + 1% * ask", 18_732, 18_910),
        ("buy_stop", "ask + 5bps * ask", "ask - 1% * ask", 18_732, 18_534),
        ("sell_stop", "bid - 5bps * bid", "bid + 1% * bid", 18_709, 18_907),
    ],
)
def test_a_price_off_the_grid_rounds_to_the_passive_side_and_a_stop_away_from_the_entry(
    do, price, stop, entry_px, stop_px
):
    """Bid 187.19 less 5 bps is 187.096, less 1 % 185.318; ask 187.22 and 5 bps is 187.314, and 1 % 189.092."""
    file = read_hotkeys(OFF_GRID.format(do=do, price=price, stop=stop))
    request = request_of(file.binds[0], file, focus())
    assert isinstance(request, Place), request
    assert (request.terms.price or request.terms.stop_px) == entry_px
    assert request.stop_loss_px == stop_px


def test_an_exit_goes_out_although_the_screen_shows_no_position():
    assert decide("trade.flatten", focus()) == Exit(10_000, "Flattening AAPL")
    assert decide("trade.exit_half", focus(position=position(-40))) == Exit(5_000, "Exiting 50 % of short 40 AAPL")
    assert decide("trade.exit_quarter", focus()) == Exit(2_500, "Exiting 25 % of AAPL")
    assert decide("trade.flatten_account", focus()) == Run("trade.flatten_account")


def test_a_nudge_moves_the_newest_order_that_is_not_being_cancelled():
    going = order("OMS-3", state=OrdStatus.PENDING_CANCEL, created_at=9)
    old, new = order("OMS-1", created_at=1), order("OMS-2", created_at=2)
    assert decide("trade.nudge_up", focus(working=[old, new, going])) == Nudge(new, 1)
    assert decide("trade.nudge_down_five", focus(working=[old])) == Nudge(old, -5)
    assert isinstance(decide("trade.nudge_up", focus()), Refused)


def test_a_double_press_counts_within_its_time_and_without_another_key_between():
    double = DoublePress()
    assert double.press("trade.kill", 0) == "first"
    assert double.press("trade.kill", DOUBLE_PRESS_NS) == "second"
    assert double.press("trade.kill", DOUBLE_PRESS_NS + 1) == "first"
    assert double.press("trade.kill", 2 * DOUBLE_PRESS_NS + 2) == "first"
    assert double.press("trade.flatten_account", 2 * DOUBLE_PRESS_NS + 3) == "first"
    double.clear()
    assert double.press("trade.flatten_account", 2 * DOUBLE_PRESS_NS + 4) == "first"


def test_every_key_is_declared_once_and_by_a_command_of_the_desktop():
    registry = CommandRegistry()
    declare_keys(registry)
    declare_keys(registry)
    assert {command.id for command in registry.all()} == {command.id for command in KEY_COMMANDS}
    assert all(command.runs_on is RunsOn.DESKTOP and command.keys for command in KEY_COMMANDS)
    assert registry.by_key("F9") == registry.get("trade.flatten")


def test_what_takes_risk_away_is_urgent_and_what_adds_is_not():
    urgent = {command.id for command in KEY_COMMANDS if command.urgent}
    assert {"trade.flatten", "trade.exit_half", "trade.cancel_working", "trade.kill", "trade.disarm"} <= urgent
    assert not urgent & {"trade.buy_take", "trade.sell_join", "trade.nudge_up", "trade.arm"}


def test_the_shipped_file_and_the_registry_declare_the_same_keys():
    declared = {command.id.rpartition(".")[2]: command.keys for command in KEY_COMMANDS}
    bound = {
        bind.id: (f"{bind.keys[0]}, {bind.keys[0]}" if bind.press is Press.DOUBLE else bind.keys[0],)
        for bind in SHIPPED.binds
    }
    assert bound == declared


def test_what_the_registry_calls_urgent_only_takes_risk_away_in_the_file():
    urgent = {command.id.rpartition(".")[2] for command in KEY_COMMANDS if command.urgent}
    assert {bind.id for bind in SHIPPED.binds if bind.do in REDUCES} == urgent - {"flatten_account"}


def test_a_command_that_the_file_runs_is_in_the_registry():
    registry = CommandRegistry()
    declare_keys(registry)
    assert {bind.command for bind in SHIPPED.binds if bind.command} <= {command.id for command in registry.all()}
