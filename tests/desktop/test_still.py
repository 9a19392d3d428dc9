"""What the market changes at the frame rate is painted in its place: no quote and no print has the window laid out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, quote, status
from tests.helpers.ticket_rig import open_ticket
from workstation.desktop.panels.ticket_fields import QuoteButton
from workstation.desktop.panels.time_sales_panel import TimeSalesPanel
from workstation.desktop.still import Still
from workstation.domain.market import Aggressor, Trade


class Window(QWidget):
    """A window around one widget that counts how often it is laid out."""

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self.laid = 0
        QVBoxLayout(self).addWidget(inner)

    def event(self, event: QEvent) -> bool:
        self.laid += event.type() is QEvent.Type.LayoutRequest
        return super().event(event)


def settled(window: Window) -> None:
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    QApplication.processEvents()


@pytest.fixture
def rig(qapp: QObject) -> Iterator[DesktopRig]:
    made = DesktopRig()
    made.feed(status=status(now_ns=START_NS))
    yield made
    made.stop()


def test_new_quotes_lay_out_nothing_around_the_ticket(rig: DesktopRig, qtbot: QtBot) -> None:
    panel = open_ticket(qtbot, rig)
    window = Window(panel.holder)
    window.show()
    names = set()
    for tick in range(1, 17):
        rig.feed(quotes=[quote(bid=18_719 - tick, ask=18_721 + tick)])
        settled(window)
        names.add(next(b for b in panel.findChildren(QuoteButton) if b.objectName().endswith("_bid")).accessibleName())
        if tick == 5:
            window.laid = 0
    assert len(names) == 16, "each quote was shown"
    assert window.laid == 0
    panel.release()
    panel.holder.setParent(None)  # the one who opened it ends it


def test_new_prints_lay_out_nothing_around_the_tape(rig: DesktopRig, qtbot: QtBot) -> None:
    panel = TimeSalesPanel(rig.context, "time_sales-1")
    window = Window(panel)
    qtbot.addWidget(window)
    panel.show_symbol("AAPL")
    window.resize(500, 400)
    window.show()
    said = set()
    for number in range(16):
        at = START_NS + number * SECOND
        rig.feed(prints=[Trade("AAPL", 18_700, 100, Aggressor.BUY, f"t{number}", at, at)])
        settled(window)
        said.add(panel.summary.text())
        if number == 4:
            window.laid = 0
    assert len(said) == 16, "each print was counted in the line below"
    assert window.laid == 0
    panel.release()


def test_words_that_need_another_line_get_it(qtbot: QtBot) -> None:
    label = QLabel("one")
    window = Window(Still(label))
    qtbot.addWidget(window)
    window.show()
    settled(window)
    low = label.height()
    label.setText("one\ntwo")
    settled(window)
    assert label.height() >= low + label.fontMetrics().height()
