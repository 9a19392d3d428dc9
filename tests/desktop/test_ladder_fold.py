"""What stands around a ladder's rows gives way a step at a time, and a size is painted whole or in a shorter form."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QLabel, QLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, depth, quote
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.ladder_columns import Columns
from workstation.desktop.panels.ladder_controls import OneLine, in_clauses
from workstation.desktop.panels.ladder_fold import (
    FOLD_BELOW_PX,
    ROWS_LEAST,
    ButtonRows,
    Fold,
    FoldedLine,
    fold_for,
)
from workstation.desktop.panels.ladder_paint import CHIP_INSET, CUT, PAD_LEAST, RowPainter, _chip_texts
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme
from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.ladder_rows import LadderRow

ROW_PX, AROUND_PX = 20, (200, 150, 100)


@pytest.mark.parametrize(
    ("height", "step"),
    [(360, Fold.NOTHING), (359, Fold.WORDS), (310, Fold.WORDS), (309, Fold.BUTTONS), (10, Fold.BUTTONS)],
)
def test_the_first_step_that_leaves_the_least_rows_is_taken_and_no_later_one(height: int, step: Fold) -> None:
    assert ROWS_LEAST == 8
    assert fold_for(height, ROW_PX, AROUND_PX) is step


def test_a_text_goes_above_what_stands_beside_it_below_a_width_that_grows_with_the_text(
    qtbot: QtBot, qapp: QApplication
) -> None:
    for scale in (1.0, TEXT_SCALE_MAX):
        apply_theme(qapp, load_theme("dark", text_scale=scale))
        text, beside, last = QLabel("Book live"), QPushButton("P&L"), QPushButton("⋯")
        line = FoldedLine(text, beside, last)
        qtbot.addWidget(line)
        widths: list[int] = []
        line.room_changed.connect(widths.append)
        line.show()
        edge = round(FOLD_BELOW_PX * scale)
        for width, is_folded in ((edge + 1, False), (edge - 1, True), (edge + 1, False)):
            line.resize(width, line.line_px(single=False))
            QApplication.processEvents()
            assert (beside.geometry().top() >= text.geometry().bottom()) is is_folded, width
            assert last.geometry().top() < text.geometry().bottom(), "the last of it stays beside the text"
            assert line.line_px(single=False) > line.line_px(single=True) or not is_folded
        assert widths[-1] == edge + 1
        line.resize(edge - 1, line.line_px(single=True))
        line.be_single(single=True)
        QApplication.processEvents()
        assert beside.geometry().top() < text.geometry().bottom(), "one line at any width"
    apply_theme(qapp, load_theme("dark"))


def test_low_buttons_keep_one_row_and_the_last_shows_the_others(qtbot: QtBot) -> None:
    first, second, third, fourth = (QPushButton(name) for name in ("a", "b", "c", "d"))
    rows = ButtonRows("ladder", [(first, second), (third, fourth)], [(fourth, 5), (third, 5)])
    qtbot.addWidget(rows)
    rows.show()
    assert not rows.more.isVisible()
    assert rows.rows_px(low=False) > 2 * rows.rows_px(low=True) > 0
    rows.be_low(low=True)
    QApplication.processEvents()
    assert [button.isVisible() for button in (fourth, third, rows.more)] == [True] * 3
    assert not first.isVisible()
    tops = {button.mapTo(rows, button.rect().topLeft()).y() for button in (fourth, third, rows.more)}
    assert len(tops) == 1
    qtbot.mouseClick(rows.more, Qt.MouseButton.LeftButton)
    assert rows.others.isVisible()
    assert first.isVisible()
    assert second.isVisible()
    rows.be_low(low=False)
    QApplication.processEvents()
    assert not rows.others.isVisible()
    assert all(button.isVisible() and button.parentWidget() is rows for button in (first, second, third, fourth))


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[LadderPanel]:
    made = LadderPanel(rig.context, "ladder-1")
    qtbot.addWidget(made)
    made.show_symbol("AAPL")
    made.resize(300, 900)
    made.show()
    rig.feed(depths=[depth(levels=20)], quotes=[quote()])
    QApplication.processEvents()
    yield made
    made.release()


def test_a_panel_that_grows_lower_gives_its_words_up_first_then_its_rows_of_buttons(panel: LadderPanel) -> None:
    seen: list[tuple[bool, bool]] = []
    for height in range(900, 200, -20):
        panel.resize(300, height)
        QApplication.processEvents()
        look = (panel.preview.isVisible(), panel.buttons.rows.more.isVisible())
        if seen[-1:] != [look]:
            seen.append(look)
        view = panel.view
        rows = view.grid.rows_in(view.height())
        assert rows >= ROWS_LEAST or panel.buttons.rows.more.isVisible(), height
    assert seen == [(True, False), (False, False), (False, True)]


def painted_sizes(text: str, width: int, *, large: bool = False) -> np.ndarray:
    """Return the pixels of a bid's cell of a width."""
    painter_of = RowPainter()
    image = QImage(width, painter_of.row_height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    row = LadderRow(18_700, "187.00", bid=text, bid_share=1, bid_large=large)
    painter_of.rows(painter, [(row, 0)], Columns(((Column.BID, 0, width),)), stale=False)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), width).copy()


@pytest.mark.parametrize(
    ("size", "forms"),
    [("200", ("200", CUT)), ("3,456", ("3,456", "3.4k", "3k", CUT)), ("12,345", ("12,345", "12k", CUT))],
)
def test_a_size_is_painted_in_the_longest_form_that_is_whole(
    size: str, forms: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, float, QRect]] = []
    take = drawing_into(drawn)
    monkeypatch.setattr("workstation.desktop.panels.ladder_texts.TextFace.right", take)
    seen: list[str] = []
    for width in range(90, 10, -1):
        painted_sizes(size, width)
        (text, needed, cell) = drawn.pop()
        assert text == CUT or needed <= cell.width(), f"{text} is whole in {width} px"
        assert cell.left() >= 0
        assert cell.right() < width - PAD_LEAST + 1
        if seen[-1:] != [text]:
            seen.append(text)
    assert tuple(seen) == forms


def test_no_ink_of_a_size_leaves_its_cell_or_stands_at_its_edge() -> None:
    for size in ("200", "3,456", "12,345"):
        for width in range(24, 70, 3):
            blank, pixels = painted_sizes("", width), painted_sizes(size, width)
            assert (pixels != blank).any(), "something is said"
            assert (pixels[4:-4, 0] == blank[4:-4, 0]).all(), f"{size} in {width} px is cut"


def drawing_into(drawn: list[tuple[str, float, QRect]]) -> Callable[..., None]:
    """Return what notes a text, its width and its cell instead of drawing it."""

    def right(face: QWidget, _painter: QPainter, cell: QRect, text: str) -> None:
        drawn.append((text, face.width(text), QRect(cell)))

    return right


def test_a_state_in_less_room_leaves_out_its_last_clauses() -> None:
    assert in_clauses("Depth 7.4 s old · entries refused, cancels work") == (
        "Depth 7.4 s old · entries refused",
        "Depth 7.4 s old",
    )
    assert in_clauses("Ready.") == ()


@pytest.mark.parametrize("width", [240, 300, 340, 420])
def test_a_line_of_state_is_never_cut_within_a_clause(qtbot: QtBot, width: int) -> None:
    line = OneLine("state", "Ticket state")
    qtbot.addWidget(line)
    line.resize(width, 20)
    line.show()
    text = "Venue link DOWN: nothing sent; orders can be prepared."
    line.show_text(text, "danger", *in_clauses(text))
    assert "…" not in line.text()
    assert line.text() in (text, *in_clauses(text))
    assert line.toolTip() == text


@pytest.mark.parametrize("text_scale", [1.0, 1.5, TEXT_SCALE_MAX])
@pytest.mark.parametrize("qty", ["5", "20", "200", "500"])
def test_the_quantity_of_an_own_order_is_read_in_the_least_window_at_any_size_of_text(
    qapp: QApplication, rig: DesktopRig, qtbot: QtBot, text_scale: float, qty: str
) -> None:
    load_fonts()
    apply_theme(qapp, load_theme("dark", text_scale=text_scale))
    try:
        panel = LadderPanel(rig.context, "ladder-1")
        qtbot.addWidget(panel, before_close_func=lambda closed: closed.release())
        panel.layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # as a dock cuts it
        panel.setMinimumSize(0, 0)
        panel.show()
        panel.resize(224, 470)
        panel.show_symbol("AAPL")
        rig.feed(depths=[depth()], quotes=[quote()])
        QApplication.processEvents()
        assert panel.view.width() == 224
        cell = panel.view.cell_rect(Column.OWN_BID, 0)
        painter = panel.view._painter
        own = OwnCell(qty=qty, letters="L", state="working", count=1, ids=("OMS-1",))
        face, text = painter._fitting(_chip_texts(own), cell.width() - 2 * CHIP_INSET - 6)
        assert text.startswith(qty), text
        assert face.width(text) <= cell.width() - 2 * CHIP_INSET
    finally:
        apply_theme(qapp, load_theme("dark"))
