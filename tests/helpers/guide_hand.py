"""What tests of the guide do by hand in the running product: menus by their titles, typing, the palette, keys."""

from __future__ import annotations

import re
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from tests.helpers.product_rig import CTRL, Product
from workstation.desktop.shell.palette import SECOND_ENTER_NS, Palette
from workstation.desktop.shell.panel import Panel

P = TypeVar("P", bound=Panel)


def open_by_menu(product: Product, path: str, kind: type[P]) -> P:
    """Open a panel by the titles of a menu's path, with arrows or commas between them as a page writes it."""
    titles = [title.strip() for title in re.split("→|,", path)]
    menu: QWidget = product.window.menuBar()
    before = set(product.window.panels)
    for title in titles:
        named = {
            action.text().replace("&&", "\0").replace("&", "").replace("\0", "&"): action for action in menu.actions()
        }
        assert title in named, f"no {title} among {list(named)}"
        below = named[title].menu()
        if isinstance(below, QMenu):
            menu = below
        else:
            named[title].trigger()
    (made,) = set(product.window.panels) - before
    panel = product.window.panels[made]
    assert isinstance(panel, kind)
    product.show_panel(made)
    product.wait(panel.isVisible, f"the panel of {path}")
    return panel


def press(product: Product, widget: QWidget, chord: str) -> None:
    """Press a key on a widget as a page writes it."""
    both = QKeySequence(chord)[0]
    product.bot.keyClick(widget, both.key(), both.keyboardModifiers())


def type_over(product: Product, field: QLineEdit, text: str, *, enter: bool = False) -> None:
    """Type a text in place of what stands in a field."""
    product.window.activateWindow()  # keys of a window behind another are binds, not text
    field.setFocus()
    field.selectAll()
    press(product, field, "Del")
    product.bot.keyClicks(field, text)
    assert field.text() == text
    if enter:
        press(product, field, "Return")


def say_on_palette(product: Product, line: str, *, enters: int = 1) -> None:
    """Type a line on the palette and press Enter, a second time where it stages an order."""
    product.press(Qt.Key.Key_K, CTRL)
    palette = product.window.findChild(Palette)
    assert palette is not None
    product.wait(palette.isVisible, "the palette")
    product.bot.keyClicks(palette.field, line)
    for number in range(enters):
        if number:
            product.let_pass(SECOND_ENTER_NS)
        press(product, palette.field, "Return")
