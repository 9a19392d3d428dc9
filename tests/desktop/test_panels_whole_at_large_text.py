"""Panels of texts and forms keep every word, row and figure whole at large text in the size that they are seen in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QStyle, QStyleOptionViewItem, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.cut_words import cut_words
from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.panel_scenes import Shown, shown_panel
from workstation.desktop.panels.faults_panel import EFFECT, STATE, SWITCH, FaultsPanel
from workstation.desktop.table_view import ColumnView
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme

Made = TypeVar("Made", bound=QWidget)
FOCUS_FRAME_PX = 2
"""What an item keeps at each side of its words."""


@pytest.fixture(params=[1.0, 1.5, TEXT_SCALE_MAX])
def show(
    request: pytest.FixtureRequest, qapp: QApplication, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> Iterator[Callable[[str], Shown]]:
    """Return what shows a panel with its scene, at a size of text."""
    made: list[Shown] = []
    apply_theme(qapp, load_theme("dark", text_scale=request.param))

    def make(kind: str) -> Shown:
        made.append(shown_panel(kind, rig, tmp_path))
        qtbot.addWidget(made[-1].holder)
        return made[-1]

    yield make
    for shown in made:
        shown.panel.release()
    apply_theme(qapp, load_theme("dark"))


@pytest.mark.parametrize("kind", ["provenance", "api_access", "strategies", "faults", "webhooks"])
def test_no_word_of_it_is_cut(kind: str, show: Callable[[str], Shown]) -> None:
    shown = show(kind)
    QApplication.processEvents()
    assert cut_words(shown.holder) == []


def test_the_order_of_a_story_stands_whole_above_it(show: Callable[[str], Shown]) -> None:
    shown = show("provenance")
    heading = whole(shown, QLabel, "provenance-1_order")
    assert heading.text() == "BUY 100 AAPL LIMIT 187.15 DAY · SIM-1"
    for width in (560, 360, 300):
        shown.holder.resize(width, 400)
        QApplication.processEvents()
        assert heading.height() >= heading.heightForWidth(heading.width())
        assert heading.width() >= min(heading.fontMetrics().horizontalAdvance(heading.text()), width - 20)


def test_a_value_of_a_story_has_all_its_lines(show: Callable[[str], Shown]) -> None:
    tree = whole(show("provenance"), QTreeWidget, "provenance-1_facts")
    section = tree.topLevelItem(0)
    assert section is not None
    asked = next(item for n in range(section.childCount()) if (item := section.child(n)).text(0) == "Asked")
    index = tree.indexFromItem(asked, 1)
    option = item_option(tree)
    option.rect, option.font = tree.visualRect(index), asked.font(1)
    room = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, tree).width()
    metrics, way = QFontMetrics(asked.font(1)), Qt.TextFlag.TextWordWrap
    wrapped = metrics.boundingRect(0, 0, room - 2 * FOCUS_FRAME_PX, 10_000, way, asked.text(1))
    assert tree.visualRect(index).height() >= wrapped.height()


@pytest.mark.parametrize(
    ("kind", "tables"),
    [
        ("api_access", ["api_access-1_keys", "api_access-1_requests"]),
        ("webhooks", ["webhooks-1_hooks", "webhooks-1_deliveries"]),
    ],
)
def test_each_table_of_a_form_has_a_whole_row_and_whole_columns(
    kind: str, tables: list[str], show: Callable[[str], Shown]
) -> None:
    shown = show(kind)
    for name in tables:
        view = whole(shown, ColumnView, name)
        assert view.viewport().height() >= view.rowHeight(0), name
        assert view.horizontalScrollBar().maximum() == 0, name
        assert len(view.shown_columns()) >= 5


def test_the_capital_of_a_run_stands_whole_above_its_log(show: Callable[[str], Shown]) -> None:
    shown = show("strategies")
    own = whole(shown, QLabel, "strategies-1_own")
    for width in (960, 700, 520):
        shown.holder.resize(width, 420)
        QApplication.processEvents()
        assert own.text().startswith("Capital: ")
        assert own.height() >= own.heightForWidth(own.width()) > 0


def test_the_field_of_a_key_s_days_shows_its_word(show: Callable[[str], Shown]) -> None:
    days = whole(show("api_access"), QLineEdit, "api_access-1_days")
    assert days.width() >= days.fontMetrics().horizontalAdvance(days.placeholderText()) + 24


def test_names_and_effects_of_faults_are_whole_and_their_state_is_in_view(show: Callable[[str], Shown]) -> None:
    shown = show("faults")
    assert isinstance(shown.panel, FaultsPanel)
    tree = shown.panel.tree
    for item in shown.panel.switches.values():
        index = tree.indexFromItem(item, SWITCH)
        option = item_option(tree)
        tree.itemDelegateForIndex(index).initStyleOption(option, index)
        option.rect = tree.visualRect(index)
        room = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, tree).width()
        assert room - 2 * FOCUS_FRAME_PX >= tree.fontMetrics().horizontalAdvance(item.text(SWITCH)), item.text(SWITCH)
        effect, option = tree.indexFromItem(item, EFFECT), item_option(tree)
        option.rect = tree.visualRect(effect)
        room = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, tree).width()
        box = (0, 0, room - 2 * FOCUS_FRAME_PX, 10_000)
        wrapped = tree.fontMetrics().boundingRect(*box, Qt.TextFlag.TextWordWrap, item.text(EFFECT))
        assert tree.visualRect(effect).height() >= wrapped.height(), item.text(EFFECT)
    header = tree.header()
    assert header.sectionViewportPosition(STATE) + header.sectionSize(STATE) <= tree.viewport().width()


def whole(shown: Shown, kind: type[Made], name: str) -> Made:
    """Return a part of a shown panel by its name."""
    found = shown.holder.findChild(kind, name)
    assert isinstance(found, kind), name
    return found


def item_option(tree: QTreeWidget) -> QStyleOptionViewItem:
    """Return how the tree asks for its items to be drawn."""
    option = QStyleOptionViewItem()
    option.widget, option.font, option.fontMetrics = tree, tree.font(), tree.fontMetrics()
    return option


def test_some_faults_stand_above_their_form_in_a_low_and_narrow_panel(show: Callable[[str], Shown]) -> None:
    shown = show("faults")
    assert isinstance(shown.panel, FaultsPanel)
    shown.holder.resize(540, 300)
    for _ in range(3):
        QApplication.processEvents()
    tree, port = shown.panel.tree, shown.panel.tree.viewport().rect()
    seen = [item for item in shown.panel.switches.values() if port.contains(tree.visualItemRect(item))]
    assert len(seen) >= 2
