"""A panel that fails while it is opened, saved or closed takes nothing else of its layout with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PySide6.QtCore import QEvent, QRect
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, status
from tests.helpers.panel_words import words_of
from workstation.desktop.context import DesktopContext
from workstation.desktop.eventloop import ErrorReporter
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts import Layout
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.shell.workspaces import Workspaces
from workstation.viewmodels.frames import Frame

LAYOUT = """name = "trading"
[[panel]]
id = "frail-1"
kind = "frail"
link = "B"
[panel.settings]
fails = "{step}"
[[panel]]
id = "log-1"
kind = "log"
[dock.root]
split = "columns"
parts = ["left", "right"]
[dock.left]
tabs = ["frail-1"]
[dock.right]
tabs = ["log-1"]
"""


class FrailPanel(Panel):
    """Fails at the step that its settings, or the test, name."""

    kind = "frail"
    title = "Frail"
    linked = True
    fails: ClassVar[str] = ""
    frames: ClassVar[int] = 0
    homes: ClassVar[list[QWidget]] = []

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._kept: PanelSettings = {}
        self._trip("making")

    def _trip(self, step: str) -> None:
        if step == FrailPanel.fails:
            raise ZeroDivisionError(f"{step} of 0")

    def restore_settings(self, settings: PanelSettings) -> None:
        self._kept = dict(settings)
        self._trip("restoring")

    def save_settings(self) -> PanelSettings:
        self._trip("saving")
        return dict(self._kept)

    def release(self) -> None:
        super().release()
        self._trip("releasing")

    def on_frame(self, frame: Frame) -> None:
        FrailPanel.frames += 1

    def event(self, event: QEvent) -> bool:
        """Note which window the panel is in as it is put somewhere."""
        if event.type() is QEvent.Type.ParentChange:
            FrailPanel.homes.append(self.window())
        return super().event(event)


@pytest.fixture
def shown(rig: DesktopRig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspaces]:
    configure_docking()
    reporter = ErrorReporter()
    monkeypatch.setattr(sys, "excepthook", reporter)
    made = Workspaces(rig.context, {"frail": FrailPanel, "log": LogPanel}, LayoutStore(tmp_path))
    qtbot.addWidget(made.window)
    yield made
    monkeypatch.setattr(FrailPanel, "fails", "")
    made.end()


def begin(shown: Workspaces, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    (folder / "trading.toml").write_text(LAYOUT.format(step=step))
    monkeypatch.setattr(FrailPanel, "fails", step)
    monkeypatch.setattr(FrailPanel, "frames", 0)
    shown.begin()
    shown.window.show()
    assert shown.window.panels, "all are made now"


def press(shown: Workspaces, name: str) -> None:
    QApplication.processEvents()
    holder = shown.window.panels["frail-1"].parentWidget()
    assert holder is not None
    button = holder.findChild(QAbstractButton, f"frail-1_strip_{name}")
    assert isinstance(button, QAbstractButton)
    assert button.isVisible()
    button.click()


@pytest.mark.parametrize("step", ["making", "restoring"])
def test_a_panel_that_cannot_be_opened_says_why_in_its_place_and_the_others_stand(
    shown: Workspaces,
    tmp_path: Path,
    rig: DesktopRig,
    monkeypatch: pytest.MonkeyPatch,
    *,
    logged: list[dict[str, Any]],
    step: str,
) -> None:
    begin(shown, tmp_path, monkeypatch, step)
    assert list(shown.window.panels) == ["frail-1", "log-1"]
    assert [event["event"] for event in logged] == ["slot_failed"]
    words = words_of(shown.window.docking)
    assert (
        f"Frail failed while it was opened: ZeroDivisionError: {step} of 0. Other panels and all orders go on." in words
    )
    press(shown, "copy")
    assert "_trip" in QApplication.clipboard().text()
    rig.feed(status=status())
    assert FrailPanel.frames == 0
    shown.save()
    kept = next(entry for entry in shown.current().panel if entry.id == "frail-1")
    assert (kept.kind, kept.link, kept.settings) == ("frail", "B", {"fails": step})


def test_retry_opens_the_panel_once_its_cause_is_gone(
    shown: Workspaces, tmp_path: Path, rig: DesktopRig, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    begin(shown, tmp_path, monkeypatch, "making")
    press(shown, "retry")
    assert len(logged) == 2
    assert not isinstance(shown.window.panels["frail-1"], FrailPanel)
    monkeypatch.setattr(FrailPanel, "fails", "")
    press(shown, "retry")
    anew = shown.window.panels["frail-1"]
    assert isinstance(anew, FrailPanel)
    assert (anew.link_group, anew.save_settings()) == ("B", {"fails": "making"})
    rig.feed(status=status())
    assert FrailPanel.frames == 1


def test_a_panel_that_cannot_be_saved_or_ended_costs_the_layout_nothing(
    shown: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    begin(shown, tmp_path, monkeypatch, "saving")
    shown.save()
    shown.save()
    assert len(logged) == 1
    assert 'fails = "saving"' in (tmp_path / "trading.toml").read_text()
    monkeypatch.setattr(FrailPanel, "fails", "releasing")
    shown.reset()
    assert len(logged) == 2
    assert "frail-1" not in shown.window.panel_ids


TABBED = """name = "trading"
[[panel]]
id = "log-1"
kind = "log"
[[panel]]
id = "log-2"
kind = "log"
[[panel]]
id = "log-3"
kind = "log"
[dock.root]
split = "columns"
parts = ["left", "right"]
[dock.left]
tabs = ["log-1", "log-2"]
current = "log-2"
[dock.right]
tabs = ["log-3"]
"""


def test_a_load_makes_one_panel_a_moment_and_those_in_sight_first(
    shown: Workspaces, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trading.toml").write_text(TABBED)
    made: list[str] = []
    one = LogPanel.__init__

    def noted(panel: LogPanel, context: DesktopContext, panel_id: str) -> None:
        made.append(panel_id)
        one(panel, context, panel_id)

    monkeypatch.setattr(LogPanel, "__init__", noted)
    shown.begin()
    shown.window.show()
    assert made == [], "the load itself makes none: keys and frames wait for one panel at most"
    assert shown.current().panel[0].id == "log-1", "what is not made yet is kept as it came"
    assert made == []
    timer = shown.window._waiting.timer
    timer.timeout.emit()
    assert made == ["log-2"]
    timer.timeout.emit()
    assert made == ["log-2", "log-3"]
    qtbot.waitUntil(lambda: made == ["log-2", "log-3", "log-1"])
    assert list(shown.window.panels) == ["log-1", "log-2", "log-3"]


def test_another_load_ends_what_the_docks_hold_before_it_moves_any(
    shown: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trading.toml").write_text(TABBED)
    shown.begin()
    shown.window.show()
    ended: list[str] = []
    for panel_id, panel in shown.window.panels.items():
        panel.destroyed.connect(lambda _object, panel_id=panel_id: ended.append(panel_id))
    docks, arrange = shown.window._docks, shown.window._docks.arrange
    arranged: list[Layout] = []

    def watched(layout: Layout, screen: QRect) -> bool:
        assert sorted(ended) == ["log-1", "log-2", "log-3"], "a dock that moves is styled anew with all that it holds"
        assert docks.docking.isHidden(), "and one that goes would bring the next of its tabs to the front"
        arranged.append(layout)
        return arrange(layout, screen)

    with monkeypatch.context() as during:
        during.setattr(docks, "arrange", watched)
        shown.window.load_layout(shown.current())
    assert len(arranged) == 1
    assert not docks.docking.isHidden()
    assert list(shown.window.panels) == ["log-1", "log-2", "log-3"]


def test_a_panel_is_put_where_it_stays_since_each_move_styles_it_anew(
    shown: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(shown, tmp_path, monkeypatch, "")
    monkeypatch.setattr(FrailPanel, "homes", [])
    panel = shown.window.add_panel("frail")
    assert panel.isVisible()
    assert FrailPanel.homes == [shown.window]
