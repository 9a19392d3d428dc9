"""The ticket in the room that it gets: narrow, low or tall, at any size of text, and nothing of it cut."""

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLayout,
    QLineEdit,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
)

from tests.desktop.test_ticket_least_window import account_snap
from tests.helpers.ticket_rig import ticket_fixtures, type_into
from workstation.config.resources import resource_text
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.ticket_fields import CLOSE_SAVES_PX, words_width
from workstation.desktop.panels.ticket_panel import MARGIN_PX
from workstation.desktop.shell.layouts import parse_layout
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.numbers import MONEY_ONE

LEFT = Qt.MouseButton.LeftButton
LEAST_PLACE = (298, 428)
"""Width and height of the ticket, without its tab, in the shipped workspace in a window of 1280 x 720."""
LEAST_SHARE = 0.72
"""Share of its column that leaves the ticket that height."""

rig, panel = ticket_fixtures()


def test_it_fits_a_narrow_column(panel):
    assert panel.holder.minimumSizeHint().width() <= 300
    content = panel.form.parentWidget()
    assert content.minimumSizeHint().width() <= 300


def test_a_place_narrower_than_its_margins_asks_for_no_negative_width(panel, qtlog):
    panel.form.fit(-16)
    assert not [record.message for record in qtlog.records if "Negative sizes" in record.message]
    assert panel.form.type.minimumWidth() == 0


def test_fields_narrower_than_their_scroll_bar_ask_for_no_negative_width(panel, qtlog):
    scrolled = panel.findChild(QScrollArea, "ticket-1_scroll")
    scrolled.setMinimumSize(0, 0)
    scrolled.verticalScrollBar().setStyleSheet("QScrollBar { width: 40px }")
    scrolled.resize(4, 100)
    QApplication.processEvents()
    assert not [record.message for record in qtlog.records if "Negative sizes" in record.message]


def test_the_whole_of_it_stands_in_the_default_place_of_the_least_window(qapp, qtbot, panel):
    """The place is what the shipped workspace leaves of 1280 x 720: a full order with both legs, nothing scrolled."""
    shipped = parse_layout(resource_text("layouts", "trading.toml"), source="shipped")
    assert shipped.dock["left"].sizes[1] >= LEAST_SHARE
    load_fonts()
    apply_theme(qapp, load_theme("dark"))
    panel.holder.resize(*LEAST_PLACE)
    for name, text in (("price", "187.20"), ("stop_loss", "20t"), ("take_profit", "40t")):
        type_into(qtbot, panel, name, text)
    qtbot.waitUntil(lambda: panel.findChild(QScrollArea, "ticket-1_scroll").verticalScrollBar().maximum() == 0)
    assert not panel.message.isVisible()
    assert panel.preview.height() >= panel.preview.heightForWidth(panel.preview.width())
    for part in (panel.lines["residence"], panel.form.fields["display"], panel.form.reduce_only, panel.send):
        assert part.visibleRegion().boundingRect().size() == part.size()
    assert panel.state_line.text() == panel.state_line.full_text


def test_a_row_that_is_too_wide_turns_alone(qapp, qtbot, panel):
    load_fonts()
    apply_theme(qapp, load_theme("high_contrast"))
    panel.holder.resize(270, LEAST_PLACE[1])
    form = panel.form

    def top(part):
        return part.mapTo(panel, QPoint(0, 0)).y()

    qtbot.waitUntil(lambda: top(form.more) > top(form.fields["qty"]) + 10)
    tops = [top(part) for part in (form.fields["stop_loss"], form.fields["take_profit"], form.type, form.tif)]
    apply_theme(qapp, load_theme("dark"))
    assert (tops[0], tops[2]) == (tops[1], tops[3])


@pytest.mark.parametrize(("theme", "scale", "width"), [("light", 1.7, 298), ("dark", 1.0, 222), ("dark", 1.3, 260)])
def test_each_word_of_a_choice_is_read_whole_once_it_is_chosen(qapp, panel, *, theme, scale, width):
    load_fonts()
    apply_theme(qapp, load_theme(theme, text_scale=scale))
    panel.holder.layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # as a dock cuts it
    form, cut = panel.form, []
    area = panel.findChild(QScrollArea, "ticket-1_scroll")

    def look():
        for _ in range(3):
            QApplication.processEvents()
        shown = [one for one in (form.type, form.tif, form.peg) if one.isVisible()]
        saved = {one: CLOSE_SAVES_PX if one.property("tight") == "true" else 0 for one in shown}
        assert area.viewport().width() <= panel.holder.width()
        cut.extend(one.currentText() for one in shown if one.width() < words_width(one) - saved[one])

    for wider in range(0, 70, 5):
        panel.holder.resize(width + wider, 1_000)
        look()
    panel.holder.resize(width, 1_000)
    for combo in (form.type, form.tif, form.peg):
        for row in range(combo.count()):
            combo.setCurrentIndex(row)
            look()
    apply_theme(qapp, load_theme("dark"))
    assert cut == []


@pytest.mark.parametrize("theme", ["dark", "high_contrast"])
def test_a_ticket_that_was_low_for_a_while_is_whole_again_in_the_least_window(qapp, qtbot, panel, theme):
    """A scroll bar that came turns no row by its width, and so goes again."""
    load_fonts()
    apply_theme(qapp, load_theme(theme))
    bar = panel.findChild(QScrollArea, "ticket-1_scroll").verticalScrollBar()
    panel.holder.resize(LEAST_PLACE[0], 320)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    panel.holder.resize(*LEAST_PLACE)
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    apply_theme(qapp, load_theme("dark"))


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_what_a_price_follows_is_read_whole_in_the_least_window(qtbot, qapp, panel, scale):
    load_fonts()
    apply_theme(qapp, load_theme("light", text_scale=scale))
    panel.holder.resize(round(220 * scale), LEAST_PLACE[1])
    area = panel.findChild(QScrollArea, "ticket-1_scroll")
    qtbot.waitUntil(lambda: area.widget().width() - area.viewport().width() in (0, MARGIN_PX))
    peg, option = panel.form.peg, QStyleOptionComboBox()
    peg.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    room = peg.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, peg).width()
    words = peg.fontMetrics().horizontalAdvance("fixed")
    apply_theme(qapp, load_theme("dark"))
    assert room >= words


@pytest.mark.parametrize(("theme", "scale"), [("dark", 1.0), ("dark", 1.7), ("high_contrast", 1.0), ("light", 1.3)])
def test_no_control_of_the_ticket_is_cut_or_out_of_reach_at_any_text_size(qtbot, qapp, panel, theme, scale):
    load_fonts()
    apply_theme(qapp, load_theme(theme, text_scale=scale))
    panel.holder.resize(LEAST_PLACE[0] - 14, LEAST_PLACE[1])
    area = panel.findChild(QScrollArea, "ticket-1_scroll")
    qtbot.waitUntil(lambda: area.widget().width() - area.viewport().width() in (0, MARGIN_PX))
    cut = []
    for widget in (*panel.form.findChildren(QAbstractButton), *panel.form.findChildren(QLineEdit)):
        words = widget.text() if isinstance(widget, QAbstractButton) else ""
        low = widget.height() < widget.fontMetrics().height()
        narrow = widget.width() < widget.fontMetrics().horizontalAdvance(words)
        away = widget.mapTo(area.widget(), widget.rect().topRight()).x() >= area.viewport().width()
        if widget.isVisible() and (low or narrow or away):
            cut.append(widget.objectName())
    apply_theme(qapp, load_theme("dark"))
    assert cut == []


def test_in_a_tall_ticket_send_stands_below_the_fields_and_moves_for_no_message(qtbot, rig, panel):
    panel.holder.resize(400, 1_200)
    qtbot.waitUntil(lambda: panel.height() > 1_000)
    type_into(qtbot, panel, "price", "187.20")
    QApplication.processEvents()
    at = panel.send.mapTo(panel, QPoint(0, 0)).y()
    assert at < 600
    type_into(qtbot, panel, "price", "187.205")
    qtbot.mouseClick(panel.send, LEFT)
    QApplication.processEvents()
    assert panel.message.isVisible()
    assert panel.send.mapTo(panel, QPoint(0, 0)).y() == at
    assert panel.message.mapTo(panel, QPoint(0, 0)).y() > at


def test_no_line_of_the_outlook_is_cut_in_a_panel_of_340_px(qapp, qtbot, rig, panel):
    load_fonts()
    apply_theme(qapp, load_theme("dark"))
    panel.holder.resize(340, 900)
    rig.feed(accounts=[msgspec.structs.replace(account_snap(0), buying_power=1_000_000 * MONEY_ONE)])
    type_into(qtbot, panel, "price", "187.20")
    qtbot.waitUntil(lambda: "margin" in panel.lines["costs"].full_text)
    QApplication.processEvents()
    assert "buying power 1,000,000.00" in panel.lines["costs"].full_text
    for name, line in panel.lines.items():
        assert "…" not in line.text(), name
    assert panel.lines["costs"].text() == "fees 1.00 · margin +9,360.00 USD"
