"""A closed panel is gone: it hears nothing more, nothing holds it, and what outlives it works on."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, status
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.risk_panel import RiskPanel
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.theme import current_theme, load_theme, theme_notifier


@pytest.fixture
def rig() -> Iterator[DesktopRig]:
    rig = DesktopRig()
    yield rig
    rig.stop()


@pytest.fixture
def window(rig: DesktopRig, qtbot: QtBot) -> Iterator[MainWindow]:
    configure_docking()
    window = MainWindow(rig.context, PANEL_KINDS)
    qtbot.addWidget(window)
    window.show()
    yield window
    window.release()


def _stir(rig: DesktopRig, qtbot: QtBot) -> None:
    """Let everything speak that outlives a panel: focus, size, links, frames, theme."""
    for symbol in ("MSFT", "AAPL"):
        rig.context.focus.move(symbol=symbol)
        rig.context.links.choose("A", symbol)
        rig.context.sizes.choose(2 if symbol == "MSFT" else 1)
        rig.feed(status=status(now_ns=rig.clock.now_ns()))
    theme_notifier().changed.emit(load_theme("light"))
    theme_notifier().changed.emit(current_theme())
    qtbot.wait(1)


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_a_closed_panel_hears_nothing_and_is_let_go(
    kind: str, rig: DesktopRig, window: MainWindow, qtbot: QtBot
) -> None:
    for command_id in ("market.bars", "market.actions", "order.outlook"):
        rig.gateway.answers[command_id] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    panel = window.add_panel(kind)
    panel_id, gone = panel.panel_id, weakref.ref(panel)
    _stir(rig, qtbot)
    window.close_panel(panel_id)
    _stir(rig, qtbot)
    del panel
    rig.gateway.calls.clear()
    qtbot.waitUntil(lambda: gc.collect() >= 0 and gone() is None, timeout=5_000)
    _stir(rig, qtbot)


def test_a_panel_that_is_left_when_the_desktop_ends_asks_an_engine_that_may_be_gone_for_nothing(
    rig: DesktopRig, window: MainWindow
) -> None:
    panel = window.add_panel("risk")
    assert isinstance(panel, RiskPanel)
    rig.stop()
    before = len(rig.gateway.calls)
    panel.ask()
    assert len(rig.gateway.calls) == before


def test_a_listener_that_was_taken_back_hears_no_more(rig: DesktopRig) -> None:
    told: list[str] = []
    endings = [
        rig.context.focus.listen(lambda: told.append("focus")),
        rig.context.sizes.listen(lambda: told.append("size")),
    ]
    rig.context.focus.move(symbol="MSFT")
    rig.context.sizes.choose(1)
    for end in endings:
        end()
        end()
    rig.context.focus.move(symbol="AAPL")
    rig.context.sizes.choose(2)
    assert told == ["focus", "size"]
