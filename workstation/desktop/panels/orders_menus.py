"""Menus of the orders panel: what to do with selected rows, what to group by, and the chips where they have no room.

Beside the order walk: a menu only calls what the panel does. Each deletes itself when it closes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from workstation.desktop.icons import icon
from workstation.desktop.theme import current_theme
from workstation.domain.orders import OrderState
from workstation.viewmodels.order_edits import ACTIVATION, LIFE, PRICE, QUANTITY, TRAIL
from workstation.viewmodels.order_totals import GROUPINGS
from workstation.viewmodels.origins import Sender

CHIPS = (
    ("working", "Working"),
    ("rejected", "Rejected"),
    ("unknown", "Unknown"),
    ("foreign", "Foreign"),
    ("today", "Today"),
    ("here", "This instrument"),
)
SENDER_CHIPS = (
    (Sender.HAND.value, "By hand"),
    (Sender.SCRIPT.value, "Scripts"),
    (Sender.STRATEGY.value, "Strategies"),
)
CHIPS_WIDTH_PX = 1_000
"""Width at text size 1 from which the chips stand side by side; below, a menu holds them."""


class Entry(NamedTuple):
    """One line of a menu. name: stable, for tests and scripts; on: whether it can be chosen now."""

    name: str
    text: str
    run: Callable[[], object]
    on: bool = True


def with_entries(menu: QMenu, panel_id: str, entries: Iterable[Entry], export: Callable[[], object]) -> QMenu:
    """Put entries above those that a menu has, and the export below."""
    first = menu.actions()[0]
    for entry in entries:
        action = menu.addAction(entry.text)
        action.setObjectName(f"{panel_id}_{entry.name}")
        action.setEnabled(entry.on)
        action.triggered.connect(lambda _checked=False, run=entry.run: run())
        menu.insertAction(first, action)
    menu.insertSeparator(first)
    menu.addSeparator()
    last = menu.addAction(icon("save"), "Export view as CSV or JSON…")
    last.setObjectName(f"{panel_id}_export")
    last.triggered.connect(export)
    return menu


def amend_entries(rows: Sequence[OrderState], edit: Callable[[str], object]) -> tuple[Entry, ...]:
    """Return what may be amended of one selected order; a trail's terms only of what trails."""
    trails = len(rows) == 1 and rows[0].terms.trail is not None
    return (
        Entry("amend_price", "Amend price\tEnter", partial(edit, PRICE), len(rows) == 1),
        Entry("amend_trail", "Amend trail", partial(edit, TRAIL), trails),
        Entry("amend_activation", "Amend activation price", partial(edit, ACTIVATION), trails),
        Entry("amend_qty", "Amend quantity", partial(edit, QUANTITY), len(rows) == 1),
        Entry("amend_tif", "Amend time in force", partial(edit, LIFE), len(rows) == 1),
    )


def group_menu(parent: QWidget, panel_id: str, chosen: str, choose: Callable[[str], object]) -> QMenu:
    """Return what orders may be grouped by, the one in force ticked."""
    menu = _menu(parent, f"{panel_id}_group_menu")
    for name, text in {"": "Not grouped", **GROUPINGS}.items():
        action = QAction(text, menu, checkable=True, checked=name == chosen)
        action.setObjectName(f"{panel_id}_group_{name or 'none'}")
        action.triggered.connect(partial(_choose, choose, name))
        menu.addAction(action)
    return menu


def chip_menu(parent: QWidget, panel_id: str, chips: Mapping[str, QPushButton]) -> QMenu:
    """Return chips as the entries of a menu."""
    menu = _menu(parent, f"{panel_id}_chip_menu")
    for chip in chips.values():
        action = QAction(chip.text(), menu, checkable=True, checked=chip.isChecked())
        action.toggled.connect(chip.setChecked)
        menu.addAction(action)
    return menu


def menu_chips(chips: Mapping[str, QPushButton], width_px: int) -> dict[str, QPushButton]:
    """Return the chips that a panel of a width has in its menu: those by sender, and all where they have no room."""
    senders, least = dict(SENDER_CHIPS), CHIPS_WIDTH_PX * max(current_theme().text_scale, 1.0)
    return {name: chip for name, chip in chips.items() if width_px < least or name in senders}


def lay_out_chips(chips: Mapping[str, QPushButton], width_px: int) -> str:
    """Put chips into the bar or the menu; returns what the menu's button reads, with how many are on in there."""
    in_menu = menu_chips(chips, width_px)
    for name, chip in chips.items():
        chip.setHidden(name in in_menu)
    chosen = sum(chip.isChecked() for chip in in_menu.values())
    words = "Sent by" if len(in_menu) < len(chips) else "Show"
    return f"{words} ({chosen}) ▾" if chosen else f"{words} ▾"


def _choose(choose: Callable[[str], object], name: str, *_: object) -> None:
    choose(name)


def _menu(parent: QWidget, name: str) -> QMenu:
    menu = QMenu(parent)
    menu.setObjectName(name)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu
