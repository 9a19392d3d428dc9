"""Every panel in every state says in words what is the matter, and what helps: empty, loading, stale, gone, broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, depth, order, position, quote, status
from tests.helpers.panel_scenes import Shown, settle, shown_panel, standing_panel, status_of_scene
from tests.helpers.panel_words import words_of
from workstation.commands.registry import CommandResult
from workstation.commands.strategies import StrategyBoard
from workstation.desktop.eventloop import ErrorReporter
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.table_view import ColumnView
from workstation.domain.accounts import Environment
from workstation.domain.market import StreamKind
from workstation.ports.backtests import BacktestBoard
from workstation.ports.market_data import DataBoard
from workstation.ports.scripts import DoorStanding, HookBoard, ScriptBoard
from workstation.ports.sweeps import SweepBoard
from workstation.ports.venue_board import VenueBoard
from workstation.risk.board import RiskBoard
from workstation.viewmodels.frames import Frame, LogRow, StreamSnap

KINDS = sorted(PANEL_KINDS)
SILENT = r"Stale: the engine is silent; what stands here is as of 15:00:0\d\. Commands wait until it answers\."
WAITS = r"Waiting for the engine|Still waiting for the engine"
OLD = START_NS + 9 * SECOND
UNKNOWN = r"Disconnected: as of 15:00:09\. Live orders read UNKNOWN until the venue answers; exits are refused\."
FEED_DOWN = r"Feed sim is DOWN: prices as of 15:00:09\."

EMPTY = {
    "alerts": r"No alerts yet\. Type a condition",
    "api_access": r"No keys Name one below and create it\.",
    "chart": r"No instrument\. Drop one here, or type a symbol\.",
    "connections": r"No account yet It appears when its venue is connected\.",
    "faults": r"drop ack\nThe answer to an order never comes",
    "fills": r"No fills today Executions appear here",
    "hotkeys": r"binds of the default keys\. A change is written at once",
    "ladder": r"No instrument yet\.\nType a symbol above, or pick one in the watchlist\.",
    "log": r"No lines yet\. What the program notes appears here",
    "orders": r"No orders today Send one from the ticket",
    "pnl": r"Nothing traded today Profit and loss begin with the first fill\.",
    "positions": r"Flat in all accounts A position appears here with its first fill\.",
    "provenance": r"No order chosen\. Press Ctrl\+I",
    "risk": r"No limits Without limits every order is refused\.",
    "settings": r"This desktop runs without a settings file\.",
    "stored_data": r"Nothing is stored",
    "strategies": r"No strategies",
    "backtests": r"No backtests yet Choose code and data beside this, and press Run\.",
    "sweeps": r"No sweeps yet Choose code and ranges beside this, and press Begin\.",
    "ticket": r"No instrument|Type a symbol",
    "time_sales": r"No instrument: choose a link group, or click one in the watchlist\.",
    "watchlist": r"Nothing to watch yet Type a symbol or a name above, then Enter\.",
    "webhooks": r"No webhooks",
}
LOADING = dict.fromkeys(KINDS, WAITS) | {
    "chart": r"Still waiting for 1m bars of AAPL\.(.|\n)*Retry",
    "ladder": r"Waiting for the book of AAPL",
    "ticket": r"No quote of AAPL: type the price",
    "time_sales": r"Waiting for the engine|No prints of AAPL yet",
}
STALE = dict.fromkeys(KINDS, SILENT) | {
    "chart": r"AAPL is stale, 7\.4 s: the quote stream is silent",
    "connections": r"not fresh: quotes",
    "ladder": r"Depth 7\.4 s old · entries refused, cancels work",
    "pnl": r"Stale marks: AAPL 7\.4 s\. Open and net are of that age\.",
    "positions": r"Stale marks: AAPL\. Their open P&L is of the age shown\.",
    "risk": r"Exposure as of older prices: quotes of AAPL\.",
    "ticket": r"New risk refused: quote 7\.4 s old\.",
    "time_sales": r"Stale for 7\.4 s\.",
    "watchlist": r"7\.4 s",
}
DISCONNECTED = dict.fromkeys(KINDS, UNKNOWN) | {
    "chart": FEED_DOWN + r" The last bar stands still; bars go on by themselves when prices come again\. Disconnected",
    "hotkeys": r"Disconnected: as of 15:00:09\. Keys that send are refused as not sent until the venue answers\.",
    "ladder": r"Venue link DOWN: orders are unknown · entries refused",
    "log": r"Disconnected: as of 15:00:09\. Lines of this program go on\.",
    "pnl": FEED_DOWN,
    "provenance": r"Disconnected: as of 15:00:09\. What came from the venue may not be all",
    "settings": r"Disconnected: as of 15:00:09\. Settings are read and written here as ever\.",
    "stored_data": r"Disconnected: as of 15:00:09\. What is stored is read and imported here as ever\.",
    "ticket": r"Venue link DOWN: nothing sent; orders can be prepared",
    "time_sales": FEED_DOWN,
    "watchlist": FEED_DOWN,
}
VENUE_DOWN = DISCONNECTED | {
    "chart": r"Disconnected: as of 15:00:09\. Order lines read UNKNOWN; nothing can be sent until the venue answers\.",
    "pnl": r"Disconnected: as of 15:00:09\. Fills since then are not in these figures, nor is the broker's side of",
    "time_sales": r"Disconnected: as of 15:00:09\. Own fills since then are not marked\.",
    "watchlist": r"Disconnected: as of 15:00:09\. Positions and orders in these rows are of then\.",
}
"""What each says while prices go on."""

ASKING = (
    "alerts",
    "api_access",
    "chart",
    "connections",
    "risk",
    "stored_data",
    "strategies",
    "sweeps",
    "webhooks",
    "backtests",
)
"""Kinds that show an answer of the engine, which may be a refusal."""


def _ok(data: Any) -> CommandResult:
    return CommandResult(ok=True, text="", data=data)


NONE_OF_IT = {
    "alert.list": _ok(()),
    "script.board": _ok(
        ScriptBoard(door=DoorStanding(url="", token_file="", trouble="", requests=()), keys=(), now_ns=1)
    ),
    "script.hooks": _ok(HookBoard(hooks=(), deliveries=(), now_ns=1)),
    "risk.board": _ok(RiskBoard(limits=(), restrictions=())),
    "venue.board": _ok(VenueBoard(venues=(), accounts=())),
    "strategy.board": _ok(StrategyBoard(strategies=(), runs=())),
    "strategy.codes": _ok(()),
    "sweep.board": _ok(SweepBoard(sweeps=())),
    "backtest.board": _ok(BacktestBoard(backtests=())),
    "data.board": _ok(DataBoard(lines=(), as_of=START_NS)),
}


QUOTES = StreamSnap(stream=StreamKind.QUOTES, state="UP", worst_age_ms=7_400, worst_symbol="AAPL", updates_per_s=0.0)


Rigged = tuple[DesktopRig, MainWindow]


@contextmanager
def windowed(rig: DesktopRig, qtbot: QtBot) -> Iterator[MainWindow]:
    configure_docking()
    window = MainWindow(rig.context, PANEL_KINDS)
    qtbot.addWidget(window)
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.show()
    yield window
    window.release()


@pytest.fixture
def rigged(qtbot: QtBot) -> Iterator[Rigged]:
    rig = DesktopRig()
    with windowed(rig, qtbot) as window:
        yield rig, window
    rig.stop()


class Stage:
    """Makes panels and ends them. `rig` is fed by hand."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self._qtbot, self._folder = qtbot, folder
        self.rig = DesktopRig()
        self.made: list[Shown] = []

    def played(self, kind: str) -> Shown:
        """Show a panel with its scene."""
        return self._kept(shown_panel(kind, self.rig, self._folder))

    def bare(self, kind: str, *, symbol: str = "AAPL", files: bool = True, **answers: CommandResult) -> Shown:
        """Show a panel before anything came."""
        self.rig.gateway.answers |= answers
        return self._kept(standing_panel(kind, self.rig, self._folder, symbol=symbol, files=files))

    def tell(self, shown: Shown, **snapshots: Any) -> str:
        """Feed snapshots and return every word that the panel shows then."""
        self.rig.feed(**snapshots)
        settle(self.rig)
        return words_of(shown.holder)

    def _kept(self, shown: Shown) -> Shown:
        self.made.append(shown)
        self._qtbot.addWidget(shown.holder)
        return shown


@pytest.fixture
def stage(qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(qtbot, tmp_path)
    yield stage
    for shown in stage.made:
        shown.panel.release()
    stage.rig.stop()


def shows(words: str, text: str) -> bool:
    return re.search(words, text) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_panel_says_what_would_be_here(kind: str, stage: Stage) -> None:
    stage.rig.feed(status=status_of_scene())
    shown = stage.bare(kind, symbol="", files=False, **NONE_OF_IT)
    if kind == "watchlist":
        shown.panel.restore_settings({"list": []})
    text = stage.tell(shown, status=status_of_scene())
    assert shows(EMPTY[kind], text), text


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_that_waits_says_for_what(kind: str, stage: Stage) -> None:
    shown = stage.bare(kind)
    stage.rig.clock.advance(6 * SECOND)
    for timer in shown.panel.findChildren(QTimer):
        timer.timeout.emit()
    text = stage.tell(shown)
    assert shows(LOADING[kind], text), text


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_whose_data_is_old_says_how_old(kind: str, stage: Stage) -> None:
    shown = stage.played(kind)
    stage.rig.clock.advance(6 * SECOND)
    if STALE[kind] == SILENT:
        text = stage.tell(shown)
    else:
        text = stage.tell(
            shown,
            status=status_of_scene(now_ns=OLD, streams=(QUOTES,)),
            quotes=[quote(freshness="STALE", age_ms=7_400)],
            depths=[depth(freshness="STALE", age_ms=7_400)],
            positions=[position(100, mark_age_ms=7_400), position(0, symbol="ESZ6")],
        )
    assert shows(STALE[kind], text), text


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_engine_is_told_above_every_panel_and_untold_when_it_reports(kind: str, stage: Stage) -> None:
    shown = stage.played(kind)
    stage.rig.clock.advance(6 * SECOND)
    assert shows(SILENT, stage.tell(shown))
    assert not shows(SILENT, stage.tell(shown, status=status_of_scene(now_ns=OLD)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_whose_links_are_down_says_since_when_and_what_it_means(kind: str, stage: Stage) -> None:
    shown = stage.played(kind)
    text = stage.tell(shown, status=status_of_scene(now_ns=OLD, venue_state="DOWN", feed_state="DOWN"))
    assert shows(DISCONNECTED[kind], text), text


@pytest.mark.parametrize("kind", sorted(VENUE_DOWN))
def test_a_panel_whose_venue_alone_is_gone_says_so_while_prices_go_on(kind: str, stage: Stage) -> None:
    shown = stage.played(kind)
    text = stage.tell(shown, status=status_of_scene(now_ns=OLD, venue_state="DOWN"))
    assert shows(VENUE_DOWN[kind], text), text
    gone = stage.tell(shown, status=status_of_scene(now_ns=OLD + SECOND))
    assert not shows(VENUE_DOWN[kind], gone), gone


@pytest.mark.parametrize("kind", ASKING)
def test_a_refused_answer_stands_in_the_panel_with_its_cause(kind: str, stage: Stage) -> None:
    refused = CommandResult(ok=False, code="STORE_DOWN", text="The store cannot be read.")
    shown = stage.bare(kind, **dict.fromkeys([*NONE_OF_IT, "market.bars"], refused))
    text = stage.tell(shown, status=status_of_scene())
    assert shows(r"The store cannot be read\.", text), text
    assert shows(r"Retry", text)
    assert shows(r"Copy details", text)
    assert kind == "chart" or not shows(r"Loading|Waiting for the engine", text), "nothing is under way any more"


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_stands_in_its_panel_with_cause_and_way_out(
    kind: str, stage: Stage, logged: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stage.bare(kind)
    monkeypatch.setattr(shown.panel, "on_frame", _fails)
    with pytest.raises(ZeroDivisionError) as caught:
        shown.panel._on_frame(stage.rig.outbox.take())
    ErrorReporter()(ZeroDivisionError, caught.value, caught.tb)
    assert [event["event"] for event in logged] == ["slot_failed"]
    text = stage.tell(shown, status=status_of_scene())
    assert shows(r"This panel stopped at a fault: ZeroDivisionError: tick of 0\. Retry opens it anew; other", text), (
        text
    )
    click(shown.holder, f"{shown.panel.panel_id}_strip_copy")
    assert "_fails" in QApplication.clipboard().text()


def _fails(_frame: Frame) -> None:
    raise ZeroDivisionError("tick of 0")


def click(widget: QWidget, name: str) -> None:
    button = widget.findChild(QAbstractButton, name)
    assert isinstance(button, QAbstractButton), name
    button.click()


def test_retry_opens_the_panel_anew_in_its_place_and_no_other_is_touched(rigged: Rigged) -> None:
    rig, window = rigged
    panel, other = window.add_panel("orders"), window.add_panel("ladder")
    other.set_link_group("B")
    panel.show_fault("KeyError: 'x'", "details", stands=True)
    assert not shows("fault", words_of(other.parentWidget()))
    click(panel.parentWidget(), f"{panel.panel_id}_strip_retry")
    assert list(window.panels) == ["orders-1", "ladder-1"]
    anew = window.panels["orders-1"]
    assert anew is not panel
    assert window.panels["ladder-1"] is other
    rig.feed(order(), status=status())
    assert not shows("fault", words_of(anew.parentWidget()))
    assert shows("WORKING", words_of(anew.parentWidget()))


def test_a_fault_outside_a_frame_leaves_the_panel_at_work(
    stage: Stage, logged: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stage.bare("log")
    monkeypatch.setattr(shown.panel, "on_symbol", _fails)
    with pytest.raises(ZeroDivisionError) as caught:
        shown.panel.show_symbol("MSFT")
    ErrorReporter()(ZeroDivisionError, caught.value, caught.tb)
    assert len(logged) == 1
    stage.rig.feed(LogRow("2024-01-02T15:00:00.250Z", "info", "venue up", ""))
    text = stage.tell(shown, status=status_of_scene())
    assert shows(r"A step in this panel failed: ZeroDivisionError: tick of 0\. Retry opens it anew", text), text
    assert shows("venue up", text)


def test_in_a_replay_every_title_the_frame_and_the_chip_say_so(qtbot: QtBot) -> None:
    rig = DesktopRig(environment=Environment.REPLAY)
    with windowed(rig, qtbot) as window:
        for kind in KINDS:
            window.add_panel(kind)
        rig.context.links.choose("A", "AAPL")
        rig.feed(status=status(environment=Environment.REPLAY))
        titles = [dock.windowTitle() for dock in window.docking.dockWidgetsMap().values()]
        assert len(titles) == len(KINDS)
        assert all(title.endswith(" · REPLAY") for title in titles), titles
        assert "REPLAY" in window.windowTitle()
        assert "REPLAY" in words_of(window.top_bar)
        holder = window.findChild(QFrame, "dock_holder")
        assert isinstance(holder, QFrame)
        assert holder.property("environment") == "replay"
    rig.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_no_table_of_a_panel_that_waits_is_a_blank(kind: str, stage: Stage) -> None:
    shown = stage.bare(kind)
    tables = [view for view in shown.holder.findChildren(ColumnView) if view.isVisible() and not len(view.columns.view)]
    assert [view.objectName() for view in tables if not view.empty_text] == []
