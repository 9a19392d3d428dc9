"""The status bar: nothing of it is cut, what matters least goes first, and a person hides what he does not want."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, status
from workstation.desktop.shell.chips import ChipLabel
from workstation.desktop.shell.status_bar import YIELDS, StatusBar
from workstation.desktop.shell.status_detail import DetailCard
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.market import StreamKind
from workstation.viewmodels.frames import LatencySnap
from workstation.viewmodels.status_line import Chip


@pytest.fixture
def bar(rig: DesktopRig, qtbot: QtBot) -> StatusBar:
    bar = StatusBar(rig.context)
    qtbot.addWidget(bar)
    rig.feed(status=status())
    bar.show()
    QApplication.processEvents()
    return bar


def resized(bar: StatusBar, width: int) -> None:
    """Give the bar a width; what has room is settled once the resize is over."""
    bar.resize(width, bar.height())
    QApplication.processEvents()


@pytest.mark.parametrize("room", [-10, 0, 200])
def test_what_is_shown_is_shown_whole_and_the_version_goes_first(bar: StatusBar, room: int) -> None:
    chips = bar.findChildren(ChipLabel)
    version = next(chip for chip in chips if chip.objectName() == "version_chip")
    resized(bar, 4_000)
    assert version.isVisible()
    narrowest = next(width for width in range(4_000, 0, -10) if not _resized(bar, width, version)) + 10
    resized(bar, narrowest + room)
    assert version.isVisible() == (room >= 0)
    for chip in chips:
        if chip.isVisible():
            assert chip.width() >= chip.sizeHint().width(), chip.objectName()
            assert chip.geometry().right() < bar.width(), chip.objectName()


@pytest.mark.parametrize("text_scale", [1.0, 1.7])
def test_items_give_way_in_the_order_that_was_chosen(
    qapp: QApplication, rig: DesktopRig, bar: StatusBar, text_scale: float
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        chips = {chip.objectName(): chip for chip in bar.findChildren(ChipLabel)}
        gone: list[str] = []
        for width in range(4_000, 0, -10):
            resized(bar, width)
            gone += [name for name in YIELDS if not chips[name].isVisible() and name not in gone]
        assert tuple(gone) == YIELDS
        assert all(chips[f"stream_{kind.lower()}_chip"].isVisible() for kind in StreamKind)
        assert chips["venue_chip"].isVisible()
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_an_item_that_warns_gives_way_after_all_that_do_not(rig: DesktopRig, bar: StatusBar) -> None:
    chips = {chip.objectName(): chip for chip in bar.findChildren(ChipLabel)}
    chips["rate_chip"].show_chip(Chip("0 upd/s", "red", "Nothing comes"))
    gone: list[str] = []
    for width in range(4_000, 0, -10):
        resized(bar, width)
        gone += [name for name in YIELDS if not chips[name].isVisible() and name not in gone]
    assert gone == [*(name for name in YIELDS if name != "rate_chip"), "rate_chip"]


def test_what_has_no_room_is_counted_listed_and_still_tells_its_detail(
    rig: DesktopRig, bar: StatusBar, qtbot: QtBot
) -> None:
    chips = {chip.objectName(): chip for chip in bar.findChildren(ChipLabel)}
    more = chips["more_chip"]
    resized(bar, 4_000)
    assert not more.isVisible()
    rig.feed(status=LONG)
    resized(bar, 1_000)
    QApplication.processEvents()
    gone = [name for name in YIELDS if not chips[name].isVisible()]
    assert gone[0] == "version_chip"
    assert (more.isVisible(), more.text()) == (True, f"+{len(gone)}")
    assert rig.context.bridge.session.version in more.toolTip()
    qtbot.keyClick(more, Qt.Key.Key_Return)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.objectName() for action in menu.actions()] == gone
    assert menu.actions()[0].text() == f"Version: {rig.context.bridge.session.version}"
    menu.actions()[0].trigger()
    menu.close()
    card = QApplication.activePopupWidget()
    assert isinstance(card, DetailCard)
    assert "Version" in card.accessibleName()
    card.close()


def _resized(bar: StatusBar, width: int, version: ChipLabel) -> bool:
    resized(bar, width)
    return version.isVisible()


LONG = status(
    latency=LatencySnap(
        key_to_journal=(5_700, 9_000),
        journal_to_sent=(100, 200),
        sent_to_ack=(5_500, 9_900),
        ack_to_fill=(123_400, 200_000),
        count=12,
        last=(5_700, 100, 5_500, 123_400),
        acks=tuple(range(12)),
    ),
    open_orders=1_234,
    unknown_orders=12,
    updates_per_s=50_000.0,
    journal_seq=12_345_678,
    api_url="http://127.0.0.1:39217",
    faults=("DROP_ACK",),
)


@pytest.mark.parametrize("width", [960, 1_280, 1_536])
def test_items_that_grow_push_lesser_ones_out_and_are_never_cut(rig: DesktopRig, bar: StatusBar, width: int) -> None:
    resized(bar, width)
    rig.feed(status=LONG)
    bar.show_stall(441.0)
    QApplication.processEvents()
    shown = [chip for chip in bar.findChildren(ChipLabel) if chip.isVisible()]
    for chip in shown:
        assert chip.width() >= chip.sizeHint().width(), chip.objectName()
        assert chip.geometry().right() < bar.width(), chip.objectName()
    names = {chip.objectName() for chip in shown}
    assert {"stream_quotes_chip", "venue_chip", "latency_chip", "stall_chip"} <= names


def test_a_right_click_hides_an_item_and_brings_it_back_but_never_freshness(bar: StatusBar) -> None:
    resized(bar, 4_000)
    chips = {chip.objectName(): chip for chip in bar.findChildren(ChipLabel)}
    hide = chosen(bar, chips["memory_chip"], "Hide memory")
    hide.trigger()
    QApplication.processEvents()
    assert not chips["memory_chip"].isVisible()
    assert bar.hidden == ["memory_chip"]
    chosen(bar, chips["venue_chip"], "Show memory").trigger()
    QApplication.processEvents()
    assert chips["memory_chip"].isVisible()
    assert not chosen(bar, chips["stream_quotes_chip"], "Hide quotes age").isEnabled()
    bar.hide_items(["stream_quotes_chip", "venue_chip", "rate_chip"])
    assert bar.hidden == ["rate_chip"]


def chosen(bar: StatusBar, chip: ChipLabel, text: str) -> QAction:
    return next(action for action in bar.menu(chip).actions() if action.text() == text)


def test_a_click_or_return_on_any_item_tells_its_figures_in_a_card_that_stays_on_the_screen(
    rig: DesktopRig, bar: StatusBar, qtbot: QtBot
) -> None:
    rig.feed(status=LONG)
    resized(bar, 4_000)
    for chip in (found for found in bar.findChildren(ChipLabel) if found.objectName() != "more_chip"):
        card = bar.card(chip)
        labels = [label.text() for label in card.findChildren(QLabel)]
        assert labels[0] == chip.meaning
        assert len(labels) >= 3, chip.objectName()
        assert labels[2] != "no data" or chip.objectName().startswith("stream_"), chip.objectName()
        card.deleteLater()
    latency = next(chip for chip in bar.findChildren(ChipLabel) if chip.objectName() == "latency_chip")
    qtbot.keyClick(latency, Qt.Key.Key_Return)
    card = QApplication.activePopupWidget()
    assert isinstance(card, DetailCard)
    assert latency.screen().availableGeometry().contains(card.geometry())
    assert "p99 9.90" in card.accessibleName()
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None


@pytest.mark.parametrize("scale", [0.85, 1.0, 1.7])
def test_the_bar_of_a_window_is_as_high_as_its_items_at_any_size_of_text(
    qapp: QApplication, rig: DesktopRig, qtbot: QtBot, scale: float
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=scale))
    try:
        window = QMainWindow()
        qtbot.addWidget(window)
        bar = StatusBar(rig.context)
        window.setStatusBar(bar)
        window.resize(1_280, 720)
        window.show()
        rig.feed(status=status())
        QApplication.processEvents()
        for chip in bar.findChildren(ChipLabel):
            assert chip.isHidden() or bar.rect().contains(chip.geometry()), chip.objectName()
            assert chip.isHidden() or chip.height() >= chip.sizeHint().height(), chip.objectName()
    finally:
        apply_theme(qapp, load_theme("dark"))


class Watched(StatusBar):
    """A bar that knows when it is within an event of its layout."""

    within = 0

    def event(self, event: QEvent) -> bool:
        lays_out = event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}
        self.within += lays_out
        handled = super().event(event)
        self.within -= lays_out
        return handled


class Shows(QObject):
    """Counts items that are shown or hidden, and those of them within an event of the bar's layout."""

    def __init__(self, bar: Watched) -> None:
        super().__init__(bar)
        self.bar, self.changes, self.within = bar, 0, 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  the toolkit's name
        if event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
            self.changes += 1
            self.within += self.bar.within > 0
        return super().eventFilter(watched, event)


def test_no_item_comes_or_goes_within_an_event_of_the_layout(qapp: QApplication, rig: DesktopRig, qtbot: QtBot) -> None:
    bar = Watched(rig.context)
    qtbot.addWidget(bar)
    shows = Shows(bar)
    for chip in bar.findChildren(ChipLabel):
        chip.installEventFilter(shows)
    bar.show()
    rig.feed(status=status())
    for width in (4_000, 600, 1_280):
        resized(bar, width)
    rig.feed(status=LONG)
    QApplication.processEvents()
    apply_theme(qapp, load_theme("light", text_scale=1.7))
    QApplication.processEvents()
    apply_theme(qapp, load_theme("dark"))
    QApplication.processEvents()
    assert shows.changes > len(YIELDS)
    assert shows.within == 0
