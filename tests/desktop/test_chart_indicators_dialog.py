"""The indicators dialog by keys and mouse: what it adds, edits and removes is on the chart at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.chart_panel_indicators import IndicatorsDialog
from workstation.desktop.theme import THEME_NAMES, apply_theme, load_theme
from workstation.desktop.whole_rows import is_cut
from workstation.marketdata.indicators.catalogue import INDICATORS
from workstation.viewmodels.chart_indicators import INDICATORS_MAX, ChosenIndicator, choose


class Shown:
    """The dialog, and what it said last."""

    def __init__(self, qtbot, chosen: list[ChosenIndicator]) -> None:
        self.parent = QWidget(objectName="chart-1")
        qtbot.addWidget(self.parent)
        self.dialog = IndicatorsDialog(chosen, self.parent)
        self.last: list[ChosenIndicator] | None = None
        self.dialog.changed.connect(self._take)
        self.dialog.show()

    def _take(self, chosen: list[ChosenIndicator]) -> None:
        self.last = chosen

    @property
    def texts(self) -> list[str]:
        return [] if self.last is None else [chosen.text() for chosen in self.last]

    def click(self, button: QWidget) -> None:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def shown(qtbot):
    return Shown(qtbot, [choose("sma")])


def test_typing_and_enter_adds_an_indicator(shown: Shown) -> None:
    QTest.keyClicks(shown.dialog.filter, "bollin")
    assert shown.dialog.known.count() == 1
    QTest.keyClick(shown.dialog.filter, Qt.Key.Key_Return)
    assert shown.texts == ["sma bars=20 color=0", "bollinger bars=20 width=2 color=1"]
    assert set(shown.dialog.fields) == {"bars", "width"}
    assert shown.dialog.isVisible()


def test_nothing_is_added_when_nothing_fits(shown: Shown) -> None:
    QTest.keyClicks(shown.dialog.filter, "zzz")
    QTest.keyClick(shown.dialog.filter, Qt.Key.Key_Return)
    shown.click(shown.dialog.add)
    assert shown.last is None


def test_a_figure_acts_as_it_is_typed_and_an_impossible_one_is_told_in_place(shown: Shown) -> None:
    field, error = shown.dialog.fields["bars"], shown.dialog.errors["bars"]
    field.selectAll()
    QTest.keyClicks(field, "50")
    assert shown.texts == ["sma bars=50 color=0"]
    assert shown.dialog.shown.item(0).text() == "SMA 50"
    QTest.keyClicks(field, "00000")
    assert error.isVisible()
    assert "1 to 5000" in error.text()
    assert shown.texts == ["sma bars=5000 color=0"]
    for _ in range(5):
        QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert not error.isVisible()
    assert shown.texts == ["sma bars=50 color=0"]


def test_a_colour_is_chosen(shown: Shown) -> None:
    combo = shown.dialog.form.findChild(QWidget, "chart-1_indicators_dialog_color")
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert shown.texts == ["sma bars=20 color=1"]


def test_larger_bars_are_chosen_and_kept_when_a_figure_changes(shown: Shown) -> None:
    combo = shown.dialog.form.findChild(QWidget, "chart-1_indicators_dialog_over")
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert shown.texts == ["sma bars=20 over=5 color=0"]
    assert shown.dialog.shown.item(0).text() == "SMA 20 · 5m"
    field = shown.dialog.fields["bars"]
    field.selectAll()
    QTest.keyClicks(field, "50")
    assert shown.texts == ["sma bars=50 over=5 color=0"]


def test_the_selected_indicator_is_removed(shown: Shown) -> None:
    shown.click(shown.dialog.add)
    shown.dialog.shown.setCurrentRow(0)
    shown.click(shown.dialog.remove)
    assert len(shown.texts) == 1
    shown.click(shown.dialog.remove)
    assert shown.texts == []
    assert not shown.dialog.remove.isEnabled()
    assert "no indicator" in shown.dialog.note.text()


def test_a_full_chart_says_so(qtbot) -> None:
    shown = Shown(qtbot, [choose("sma")] * INDICATORS_MAX)
    shown.click(shown.dialog.add)
    assert shown.last is None
    assert str(INDICATORS_MAX) in shown.dialog.note.text()


def test_every_indicator_of_the_catalogue_can_be_found(shown: Shown) -> None:
    assert shown.dialog.known.count() == len(INDICATORS)
    for widget in (shown.dialog.filter, shown.dialog.known, shown.dialog.shown, shown.dialog.add, shown.dialog.remove):
        assert widget.accessibleName()


@pytest.mark.parametrize("theme", THEME_NAMES)
@pytest.mark.parametrize("text_scale", [1.0, 1.5])
def test_its_lists_show_whole_rows_and_whole_names_at_large_text(qapp, qtbot, theme: str, text_scale: float) -> None:
    load_fonts()
    apply_theme(qapp, load_theme(theme, text_scale=text_scale))
    try:
        shown = Shown(qtbot, [choose("sma")])
        QApplication.processEvents()
        known = shown.dialog.known
        assert known.horizontalScrollBar().maximum() == 0
        port = known.viewport()
        cut = [row for row in range(known.count()) if is_cut(known, known.visualItemRect(known.item(row)))]
        below = [row for row in cut if known.visualItemRect(known.item(row)).top() < port.height()]
        picture = port.grab().toImage()
        for row in below:
            box = known.visualItemRect(known.item(row))
            parts = {
                picture.pixel(x, y) for x in range(4, port.width() - 4) for y in range(box.top() + 1, port.height() - 1)
            }
            assert len(parts) <= 1, "a part of a row is seen"
    finally:
        apply_theme(qapp, load_theme("dark"))
