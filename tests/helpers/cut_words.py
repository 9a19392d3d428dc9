"""Which words of a window are cut: what has less room than its text, by name, as a person would see it.

What shortens itself with an ellipsis is not cut as far as that fits; neither is what scrolls, as long as it is whole
within what scrolls.
"""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from workstation.desktop.panels.ladder_controls import OneLine
from workstation.desktop.panels.ticket_fields import QuoteButton

EDGE_PX = 1
"""What a rounding may take."""


def cut_words(window: QWidget) -> list[str]:
    """Return `name: text` of each control in view whose words are cut, in the order of the tree."""
    return [
        f"{widget.objectName() or type(widget).__name__}: {text}"
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and (text := _text(widget)) and _is_cut(widget, text)
    ]


def _text(widget: QWidget) -> str:
    if isinstance(widget, QuoteButton | OneLine):
        return ""
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        return widget.text().replace("&&", "&")
    return ""


def _is_cut(widget: QWidget, text: str) -> bool:
    return _room(widget) + EDGE_PX < _need(widget, text) or _is_low(widget) or _is_outside(widget)


def _need(widget: QWidget, text: str) -> int:
    if isinstance(widget, QLineEdit):
        return 0  # scrolls within itself
    if isinstance(widget, QLabel) and widget.wordWrap():
        return max(widget.fontMetrics().horizontalAdvance(word) for word in text.split() or [""])
    return max(widget.fontMetrics().horizontalAdvance(line) for line in text.split("\n"))


def _room(widget: QWidget) -> int:
    style = widget.style()
    if isinstance(widget, QComboBox):
        choice = QStyleOptionComboBox()
        widget.initStyleOption(choice)
        part = QStyle.SubControl.SC_ComboBoxEditField
        return style.subControlRect(QStyle.ComplexControl.CC_ComboBox, choice, part, widget).width()
    if isinstance(widget, QCheckBox | QRadioButton):
        option = QStyleOptionButton()
        widget.initStyleOption(option)
        return style.subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, widget).width()
    if isinstance(widget, QPushButton):
        return widget.width() - 2 * EDGE_PX
    if isinstance(widget, QToolButton):
        arrow = 14 if widget.menu() is not None and widget.popupMode() else 0
        return widget.width() - min(arrow, 0) - 2 * EDGE_PX
    return widget.contentsRect().width()


def _is_low(widget: QWidget) -> bool:
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.height() + EDGE_PX < widget.heightForWidth(widget.width())
    return widget.height() + EDGE_PX < widget.fontMetrics().height()


def _is_outside(widget: QWidget) -> bool:
    """Tell whether something clips it; above and below only where nothing can be scrolled to show it."""
    above, box = widget.parentWidget(), QRect(widget.rect())
    child = widget
    while above is not None and not child.isWindow():
        box.translate(child.pos())
        if box.left() < -EDGE_PX or box.right() > above.width() + EDGE_PX:
            return True
        if isinstance(above.parentWidget(), QAbstractScrollArea):
            return False
        if box.top() < -EDGE_PX or box.bottom() > above.height() + EDGE_PX:
            return True
        child, above = above, above.parentWidget()
    return False
