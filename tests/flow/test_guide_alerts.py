"""The page on alerts, notes and the tape, in the running product: conditions kept as typed, notes, filtered prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.flow.test_alerts_fire import wait_for_prices
from tests.helpers.guide_hand import open_by_menu, press, say_on_palette, type_over
from tests.helpers.guide_pages import GuidePage, chords, coded
from tests.helpers.product_rig import ACCOUNT, Product, running
from workstation.app import alert_studies, mail
from workstation.commands.params import PlaceOrder
from workstation.config.settings import Settings
from workstation.config.settings_file import setting_rows
from workstation.desktop.panels.alerts_form import ENDS
from workstation.desktop.panels.alerts_panel import AlertsPanel
from workstation.desktop.panels.time_sales_panel import TimeSalesPanel
from workstation.desktop.shell.sounds import player_of
from workstation.domain.alerts import HISTORY_MAX, AlertState
from workstation.domain.errors import ValidationError
from workstation.domain.market import Aggressor, Trade
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, OriginKind, Side
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.alert_lines import alert_line
from workstation.viewmodels.alerts import condition_of, event_words
from workstation.viewmodels.alerts_notes import COALESCE_NS, MUTE_NS
from workstation.viewmodels.notes import NoteKind
from workstation.viewmodels.tape import filter_of
from workstation.viewmodels.tones import tone

PAGE = GuidePage("alerts")
CONDITIONS = PAGE.rows("| condition | fires when |")
SETTINGS = {row.name for row in setting_rows(Settings(), None, {})}
SYMBOL = "AAPL"


class Hand:
    """A person before the alerts panel, which the page's own menu opened."""

    def __init__(self, product: Product) -> None:
        self.product = product
        product.focus(SYMBOL)
        wait_for_prices(product)
        self.panel = open_by_menu(product, PAGE.one("*{}*. Type an instrument and a condition"), AlertsPanel)
        product.wait(lambda: not self.panel.note.isVisible(), "the first answer")

    def keep(self, condition: str, *, fire_now: bool = False) -> None:
        """Type an alert and press Enter; where it holds already the question is answered."""
        form, before = self.panel.form, len(self.panel.rows)
        type_over(self.product, form.symbol, SYMBOL)
        type_over(self.product, form.condition, condition, enter=True)
        self.product.wait(
            lambda: len(self.panel.rows) > before or form.question.isVisible(), f"an answer to {condition}"
        )
        if form.question.isVisible():
            self.product.click(form.question.fire_now if fire_now else form.question.next_cross)
            self.product.wait(lambda: len(self.panel.rows) > before, f"{condition} kept")

    def choose(self, place: int) -> None:
        self.panel.table.selectRow(place)
        self.panel.table.setFocus()

    def state(self, place: int) -> str:
        return str(self.panel.rows[place].state)

    def entry(self, text: str) -> None:
        """Choose an entry of the menu of a right click."""
        menu = self.panel.context_menu()
        next(action for action in menu.actions() if action.text().partition("\t")[0] == text).trigger()
        menu.close()


@pytest.fixture
def hand(qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    with running(qtbot, tmp_path, "--api-port", "0", "--set", "sim.ticks_per_s=1500") as product:
        yield Hand(product)


def test_each_condition_of_the_table_is_kept_in_the_home_and_listed_for_scripts(hand: Hand) -> None:
    product = hand.product
    conditions = [coded(cell)[0] for cell in CONDITIONS]
    assert len(conditions) == 5
    for condition in conditions:
        hand.keep(condition)
    assert [row.alert.condition for row in hand.panel.rows] == conditions
    PAGE.says("they are kept in `alerts.json` of your home")
    kept = product.options.home.root / "alerts.json"
    product.wait(
        lambda: kept.exists() and all(c in json.dumps(json.loads(kept.read_text())) for c in conditions), "all"
    )
    (call,) = [word for word in coded(PAGE.text) if word.startswith("POST ")]
    with product.http() as http:
        answer = http.request(*call.split(), json={})
        assert answer.status_code == 200, answer.text
        assert conditions[0] in answer.text


def test_the_names_and_bounds_that_the_page_gives_are_those_of_conditions() -> None:
    plain = PAGE.one("Names: `{}` (`margin` is what is used").split()
    yes = {"flat", "long", "short", "fresh"}
    for name in plain:
        condition_of(name if name in yes else f"{name} > {name}")
    studies = PAGE.take("or its id, bars and line: `{}`, `{}`, `{}`.")
    for name in (
        *studies,
        *PAGE.take("with its first figure and its line behind it where they are not the first: `{}`, `{}`, `{}`."),
    ):
        condition_of(f"{name} > {name}")
    condition_of(PAGE.one("as in `{}`. It is computed beside the engine"))
    assert PAGE.figure("over the newest {} closed bars") == alert_studies.BARS_READ
    assert PAGE.figure("or takes over {} s, an alert is not kept") == alert_studies.STEPS_S
    assert PAGE.figure("the pointer on *Fired* lists the last {} times") == HISTORY_MAX
    PAGE.says("It waits for ever, or ends by itself after an hour, a day or a week.")
    assert [words for words, _ in ENDS] == ["no end", "ends in an hour", "ends in a day", "ends in a week"]
    PAGE.says("a minute, five minutes and half an hour")
    assert (PAGE.figure("is tried again after {} seconds, a minute"), 60, 300, 1_800) == mail.WAITS_S
    assert set(re.findall(r"`((?:mail|desktop)\.\w+)`", PAGE.text)) <= SETTINGS
    PAGE.says("type it as in the palette, such as `b 100 aapl bid`.")
    PAGE.says("Of the palette's verbs `chart`, `ws` and `alert` may stand there")
    for line in ("b 100 aapl bid", "chart 5m", "ws charts", "alert aapl last > 190"):
        alert_line(line)
    PAGE.says("those that send, cancel, resize or move the trade focus are refused.")
    for line in ("x aapl", "go msft", "size 300", "rev aapl"):
        with pytest.raises(ValidationError, match="is not for an alert"):
            alert_line(line)


def test_keys_and_menu_act_on_the_chosen_alert_and_a_firing_is_told_once(hand: Hand) -> None:
    product, panel = hand.product, hand.panel
    PAGE.says("Where the condition holds already, you are asked", "*Fire now*, or *On the next cross*.")
    question = panel.form.question
    assert (question.fire_now.text(), question.next_cross.text()) == ("Fire now", "On the next cross")
    hand.keep("last > 0", fire_now=True)
    product.wait(lambda: hand.state(0) == AlertState.FIRED, "it fired")
    board = product.desktop.workspace.toasts.board
    product.wait(lambda: any(note.kind is NoteKind.ALERT for note in board.history), "its note")
    hand.keep("last > 1000000")
    PAGE.says("**Space** switches the chosen alert off and on, **Del** deletes it, a double click edits it")
    off, delete = chords(PAGE.text.partition("level was crossed unseen.")[2])[:2]
    for state in (AlertState.OFF, AlertState.ARMED):
        hand.choose(1)
        press(product, panel.table, off)
        product.wait(lambda state=state: hand.state(1) == state, f"{state} by {off}")
    PAGE.says("a right click also puts it off for a time (SNOOZED) or copies it into the form.")
    hand.choose(1)
    hand.entry("Snooze for 15 minutes")
    product.wait(lambda: hand.state(1) == AlertState.SNOOZED, "put off")
    hand.entry("Duplicate")
    assert (panel.form.condition.text(), panel.form_alert().id) == ("last > 1000000", "")
    hand.choose(1)
    press(product, panel.table, delete)
    product.wait(lambda: len(panel.rows) == 1, "deleted")
    PAGE.says(
        "Instead of a condition an alert may wait for an order of its instrument to be filled, partly filled, rejected,"
    )
    offered = [panel.form.event_choice.itemText(n) for n in range(panel.form.event_choice.count())]
    assert {event_words("FILLED"), event_words("RUN_ERROR")} <= set(offered)
    PAGE.says("here as after `alert aapl last > 190` in the palette")
    say_on_palette(product, "alert aapl last > 1000000")
    product.wait(lambda: len(panel.rows) == 2, "the one of the palette")


def test_notes_come_in_one_are_acknowledged_by_key_muted_and_each_has_its_tone(hand: Hand) -> None:
    product = hand.product
    assert PAGE.figure("Fills within {} ms are one note.") * 1e6 == COALESCE_NS
    assert PAGE.figure("a right click mutes the kind for {} minutes") * 60 * NS_PER_S == MUTE_NS
    key = PAGE.one("stays until it is acknowledged (**{}**)")
    toasts = product.desktop.workspace.toasts
    terms = OrderTerms(symbol="SIM-FILL", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=1)
    product.quoting("SIM-FILL")
    assert product.command("order.submit", PlaceOrder(terms=terms), OriginKind.REST).ok
    product.wait_for_order(lambda o: o.status is OrdStatus.FILLED, "a fill")
    product.wait(lambda: any(note.kind is NoteKind.FILL for note in toasts.board.history), "its note")
    menus = {action.text().replace("&", ""): action.menu() for action in product.window.menuBar().actions()}
    (notes,) = [menu for title, menu in menus.items() if title.startswith("Notes")]
    assert isinstance(notes, QMenu)
    assert "Do not disturb" in [action.text().replace("&", "") for action in notes.actions()]
    product.window.activateWindow()
    product.window.setFocus()
    product.wait(product.window.isActiveWindow, "the window in front")
    told = toasts.board.unseen
    assert told
    press(product, product.window, key)
    product.wait(lambda: toasts.board.unseen < told, "what was seen is acknowledged")
    environment = product.context.bridge.session.environment
    assert len({tone(kind, environment) for kind in NoteKind}) == len(NoteKind), "each kind has a tone of its own"
    PAGE.says("(`paplay`, `pw-play` or `aplay` on Linux)")
    assert callable(player_of)


def test_the_tape_is_filtered_grouped_and_held_as_the_page_says(hand: Hand) -> None:
    product = hand.product
    tape = open_by_menu(product, PAGE.one("*{}* lists every print of the link group's instrument"), TimeSalesPanel)
    tape.choose_symbol(SYMBOL)
    product.wait(lambda: tape.tape is not None and len(tape.tape), "prints")
    sizes = PAGE.take("Filter by least size (`{}`, `{}`), by side, by price (`{}`, `{}`, `{}`)")
    for text in sizes[:2]:
        type_over(product, tape.size_min, text)
        assert tape.size_min.property("invalid") == "false", text
    type_over(product, tape.size_min, "0")
    for text in sizes[2:]:
        type_over(product, tape.prices, text)
        assert tape.prices.property("invalid") == "false", text
    type_over(product, tape.prices, "")
    instrument = product.context.instrument(SYMBOL)
    either, without = PAGE.take("(`{}` shows either, `{}` leaves one out)")

    def passes(codes: str, typed: str) -> bool:
        trade = Trade(SYMBOL, 1, 1, next(iter(Aggressor)), "1", ts_event=1, ts_init=1, conditions=codes)
        return filter_of("", "", "", instrument, typed).accepts(trade)

    first, second = either.split()
    assert [passes(code, either) for code in (first, second, "Z")] == [True, True, False]
    assert [passes(code, without) for code in (without.removeprefix("-"), "Z")] == [False, True]
    PAGE.says("*Group* makes one line of the prints of one moment and side")
    assert tape.group.text() == "Group"
    product.click(tape.group)
    PAGE.says("**Space**, or the pointer over the list, holds it; what comes meanwhile waits and is counted.")
    press(product, tape.view, "Space")
    assert tape.tape is not None
    assert tape.tape.held
    product.wait(lambda: tape.tape is not None and tape.tape.waiting, "prints that wait")
    product.wait(lambda: "waiting" in tape.summary.text(), "their count")
    press(product, tape.view, "Space")
    assert not tape.tape.held
