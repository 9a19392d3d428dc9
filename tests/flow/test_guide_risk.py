"""The page on risk, sentence by sentence, in the running product: limits typed, stops pressed, a loss that locks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.flow.test_kill_by_hand import protect
from tests.flow.test_stale_and_disconnected import rest
from tests.helpers.guide_hand import open_by_menu, press, say_on_palette, type_over
from tests.helpers.guide_pages import GuidePage, coded
from tests.helpers.product_rig import ACCOUNT, Product, running
from workstation.commands.params import CancelOne, PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.config.settings import Settings
from workstation.desktop.panels.risk_panel import RiskPanel
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, OriginKind, Side
from workstation.domain.times import NS_PER_S
from workstation.risk.limits import LimitScope, LimitType

PAGE = GuidePage("risk")
TOP = PAGE.rows("| | |")
HELD = "SIM-FILL"


class Hand:
    """A person before the risk panel, which the page's own menu opened."""

    def __init__(self, product: Product) -> None:
        self.product = product
        product.focus(HELD)
        product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", "the account unlocked")
        self.panel = open_by_menu(product, PAGE.one("**{}** lists every limit"), RiskPanel)
        product.wait(self.panel.columns.rowCount, "the limits")

    def row(self, limit: LimitType, scope: LimitScope = LimitScope.TENANT, key: str = "") -> dict[str, str]:
        """Return a limit as it is shown, by the titles of the columns."""
        columns = self.panel.risk.table.columns
        line = self.panel.risk.table.get((limit, scope, key))
        return {} if line is None else {column.title: column.text(line) for column in columns}

    def choose(self, limit: LimitType) -> None:
        """Click a limit's row."""
        view, columns = self.panel.view, self.panel.columns
        (row,) = (
            n for n in range(columns.rowCount()) if columns.row_at(n).limit == limit and not columns.row_at(n).key
        )
        index = columns.index(row, columns.column_named("limit"))
        view.scrollTo(index)
        self.product.click(view.viewport(), view.visualRect(index).center())
        self.product.wait(lambda: self.panel.form.limit.currentData() == limit, f"{limit} in the form")

    def set(self, value: str, reason: str = "") -> str:
        """Type a value and press Enter; returns what the line below says."""
        form = self.panel.form
        type_over(self.product, form.reason, reason)
        type_over(self.product, form.value, value)
        said = form.hint.text()
        press(self.product, form.value, "Return")
        return said

    def stands(self, limit: LimitType, value: str) -> None:
        self.product.wait(lambda: self.row(limit)["Value"] == value, f"{limit} at {value}: {self.row(limit)}")

    def twice(self, button: QPushButton, words: str) -> None:
        """Press a button as often as the page says."""
        assert button.text() == words.split("**")[1]
        for _ in range(2 if "pressed twice" in words else 1):
            self.product.click(button)

    def buy(self, qty: int = 1, kind: OriginKind = OriginKind.REST) -> CommandResult:
        terms = OrderTerms(symbol=HELD, account=ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=qty)
        self.product.quoting(HELD)
        return self.product.command("order.submit", PlaceOrder(terms=terms, allow_duplicate=True), kind)

    def give(self, words: str) -> None:
        type_over(self.product, self.panel.stops.reason, words)

    def aim(self, place: str) -> None:
        scope = self.panel.stops.scope
        scope.setCurrentIndex(scope.findText(place))


@pytest.fixture
def hand(qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    with running(qtbot, tmp_path) as product:
        yield Hand(product)


def test_limits_are_listed_tightened_loosened_and_made_as_the_page_says(hand: Hand) -> None:
    product, panel = hand.product, hand.panel
    PAGE.says("lists every limit with its scope, value, headroom and use, and who set it when and why")
    assert {"Limit", "Scope", "Value", "Headroom", "Used", "Changed, UTC", "By", "Reason"} <= hand.row(
        LimitType.ORDER_QUANTITY
    ).keys()
    PAGE.says("Limits that bind stand first; those without a bound are muted.")
    unlimited = [panel.columns.row_at(row).unlimited for row in range(panel.columns.rowCount())]
    assert unlimited == sorted(unlimited)
    assert {panel.risk.style(line).ink for line in panel.risk.lines() if line.unlimited} == {"text_muted"}

    PAGE.says("To change a limit click its row, type into *Value* and press **Enter**.")
    assert panel.form.value.placeholderText() == "Value"
    product.arm()
    thousand, million = coded(PAGE.text.partition("press **Enter**.")[2])[:2]
    assert PAGE.one(f"`{{}}` and `{million}` are read") == thousand
    PAGE.says("tighter: it acts at once, armed or not, with a reason or without")
    for typed, shown in ((million, "1,500,000"), (thousand, "2,000")):
        hand.choose(LimitType.ORDER_QUANTITY)
        assert hand.set(typed).startswith("Tightens it: acts at once")
        hand.stands(LimitType.ORDER_QUANTITY, shown)
    assert product.state.status.armed

    PAGE.says("looser: hand entry must be disarmed (**F12**), and a reason is needed. It is journaled.")
    hand.choose(LimitType.ORDER_QUANTITY)
    assert "disarm first (F12)" in hand.set("3k", "room to work")
    product.press(Qt.Key.Key_F12)
    product.wait(lambda: not product.state.status.armed, "disarmed")
    assert "a reason is needed" in hand.set("3k")
    hand.set("3k", "room to work")
    hand.stands(LimitType.ORDER_QUANTITY, "3,000")
    assert hand.row(LimitType.ORDER_QUANTITY)["Reason"] == "room to work"
    kinds = {row[0] for row in product.sql("select kind from journal")}
    assert "LimitChanged" in kinds
    PAGE.says("`unlimited` is chosen by name")
    hand.choose(LimitType.ORDER_QUANTITY)
    hand.set("unlimited", "by name")
    hand.stands(LimitType.ORDER_QUANTITY, "unlimited")


def test_a_limit_of_one_instrument_binds_beside_the_others_and_the_tightest_holds(hand: Hand) -> None:
    product, form = hand.product, hand.panel.form
    PAGE.says("A limit for one account, instrument or strategy is made the same way: choose the scope, name it, type")
    assert hand.buy(2).ok
    product.wait(lambda: product.position(HELD) == 2, "a position")
    form.limit.setCurrentIndex(form.limit.findData(LimitType.POSITION_QUANTITY))
    form.scope.setCurrentIndex(form.scope.findData(LimitScope.INSTRUMENT))
    form.key.setCurrentText(HELD)
    hand.set("1")
    place = (LimitType.POSITION_QUANTITY, LimitScope.INSTRUMENT, HELD)
    PAGE.says("A value below what is used already is taken, shown as breached, and refuses new risk only.")
    product.wait(lambda: hand.row(*place), "the limit of one instrument")
    product.wait(lambda: "Breached: Position quantity SIM-FILL" in hand.panel.note.text(), "the breach")
    PAGE.says("Of all limits that an order falls under the tightest applies.")
    refused = hand.buy(1)
    assert not refused.ok
    PAGE.says("What the gate refused last stands below, in full.")
    product.wait(hand.panel.refused.count, "the refusal in the panel")
    assert "osition" in hand.panel.refused.item(0).text()
    exit_ = OrderTerms(symbol=HELD, account=ACCOUNT, side=Side.SELL, ord_type=OrdType.MARKET, order_qty=2)
    assert product.command("order.submit", PlaceOrder(terms=exit_)).ok
    product.wait(lambda: product.position(HELD) == 0, "flat")


def test_each_stop_is_pressed_as_its_row_says_and_cancels_and_exits_work_in_it(hand: Hand) -> None:
    product, panel, stops = hand.product, hand.panel, hand.panel.stops
    kill, flatten, close_only, lock_out = TOP
    assert hand.buy().ok
    product.wait(lambda: product.position(HELD) == 1, "a position")
    product.arm()
    stop, entry = protect(product), rest(product)
    hand.twice(stops.kill, kill)
    product.wait(lambda: product.state.status.kills, "the kill switch")
    PAGE.says("refuses new risk from everybody, scripts included, and cancels all but protective stops.")
    product.wait(lambda: product.state.orders[entry].status is OrdStatus.CANCELLED, "the entry cancelled")
    assert product.state.orders[stop].is_open
    assert hand.buy().code == "KILL_SWITCH_ACTIVE"
    PAGE.says("**Flatten**, pressed twice | exits the positions of the scope: a step of its own, which the kill switch")
    assert product.position(HELD) == 1
    hand.twice(stops.flatten, flatten)
    product.wait(lambda: product.position(HELD) == 0, "flat in spite of the kill switch")
    PAGE.says("**Lift** needs a typed reason")
    assert not stops.lift.isEnabled()
    hand.give("drill is over")
    product.click(stops.lift)
    product.wait(lambda: not product.state.status.kills, "the kill switch off")

    PAGE.says("orders may only reduce, until it is ended with a reason")
    assert hand.buy().ok
    product.wait(lambda: product.position(HELD) == 1, "a position")
    hand.aim(f"Account {ACCOUNT}")
    hand.give("lunch")
    hand.twice(stops.close_only, close_only)
    product.wait(lambda: stops.close_only.text() == "End close-only", "close-only")
    assert not hand.buy().ok
    press(product, product.window, "F9")
    product.wait(lambda: product.position(HELD) == 0, "an exit")
    assert not stops.close_only.isEnabled()
    hand.give("back")
    product.click(stops.close_only)
    product.wait(lambda: stops.close_only.text() == "Close-only", "its end")
    working = rest(product)

    PAGE.says("the account takes no new risk until its next trading day, which begins at midnight UTC")
    offered = [stops.lock_for.itemText(number) for number in range(stops.lock_for.count())]
    assert (offered[0], len(offered) > 2) == ("until the next trading day", True)
    for line, seconds in zip(re.findall(r"`(lock \w+)`", TOP[lock_out]), (1_800, 7_200), strict=True):
        assert seconds in [stops.lock_for.itemData(number) for number in range(stops.lock_for.count())], line
    hand.give("enough")
    hand.twice(stops.lock_out, lock_out)
    product.wait(lambda: panel.risk.restrictions, "locked out")
    PAGE.says("The panel says until when, and beside it how many orders each account has sent today and of how many.")
    product.wait(lambda: f"LOCKED OUT {ACCOUNT} until " in panel.switches.text(), "until when")
    assert re.search(rf"{ACCOUNT} \d+.*\(", panel.orders.text())
    assert not hand.buy().ok
    PAGE.says("While an account is locked out none of its limits is loosened, by anybody.")
    press(product, product.window, "F12")
    product.wait(lambda: not product.state.status.armed, "disarmed")
    hand.choose(LimitType.ORDERS_PER_MINUTE)
    hand.set("unlimited", "no")
    product.wait(lambda: "Refused" in panel.note.text(), "the refusal")
    PAGE.says("Cancels and exits work in every one of these states.")
    assert product.command("order.cancel", CancelOne(cl_ord_id=working)).ok
    product.wait(lambda: product.state.orders[working].status is OrdStatus.CANCELLED, "a cancel")


def test_a_lockout_for_a_time_is_typed_in_the_palette(hand: Hand) -> None:
    product = hand.product
    first, _ = re.findall(r"`(lock \w+)`", PAGE.text)
    before = product.program.engine.core.clock.now_ns()
    say_on_palette(product, first, enters=2)
    row = product.wait(lambda: hand.panel.risk.restrictions, "locked out")[0]
    minutes = int(re.sub(r"\D", "", first))
    assert (int(row.new) - before) / NS_PER_S == pytest.approx(minutes * 60, abs=30)


def test_a_day_loss_over_its_limit_locks_by_itself_and_exits_where_that_is_set(qtbot: QtBot, tmp_path: Path) -> None:
    (setting,) = [word for word in coded(PAGE.text) if word.startswith("risk.")]
    name, value = setting.split(" = ")
    PAGE.says("in the settings, off unless you set it and read at the start")
    assert Settings().risk.flatten_at_lockout is False
    with running(qtbot, tmp_path, "--set", f"{name}={value}") as product:
        hand = Hand(product)
        assert hand.buy(100).ok
        product.wait(lambda: product.position(HELD) == 100, "a position")
        PAGE.says("A day loss over its limit locks the account out by itself.")
        hand.choose(LimitType.DAILY_LOSS)
        hand.set("0.01")
        product.wait(lambda: hand.panel.risk.restrictions, "locked out by itself")
        PAGE.says("such a breach also exits every position of the account. No price is promised")
        product.wait(lambda: product.position(HELD) == 0, "the exit")
