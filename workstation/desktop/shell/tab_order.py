"""Where Tab goes: every control of a window in the order in which it stands, whatever order it was made in.

Qt's own chain follows the order of making, and a panel that hands its focus on to its main control cuts it: the
controls before that one were never reached. Read anew at each press, so a panel that turns or moves needs no care.
"""

from collections.abc import Iterator
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QFormLayout,
    QGridLayout,
    QLayout,
    QScrollArea,
    QWidget,
)

Place = tuple[int, int]


def tab_stops(top: QWidget) -> list[QWidget]:
    """Return what Tab stops at below a widget: what is shown, can be used and takes the keyboard, as it stands."""
    return [widget for widget in _below(top) if _is_stop(widget)]


def step_focus(top: QWidget, *, forward: bool) -> bool:
    """Move the keyboard to the next control of a window, round at its end; returns whether there is another one."""
    stops = tab_stops(top)
    now: QWidget | None = top.focusWidget()
    while now is not None and now not in stops and now is not top:
        now = now.parentWidget()
    others = [stop for stop in stops if stop is not now]
    if not others:
        return False
    if now in stops:
        following = stops[(stops.index(now) + (1 if forward else -1)) % len(stops)]
    else:
        following = stops[0 if forward else -1]
    following.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    _scroll_to(following)
    return True


def leave_hidden(top: QWidget) -> bool:
    """Take the keyboard from what was hidden under it; returns whether it was so.

    It goes to the control around that, a table whose editor ends, else to the window: the next control in the chain
    would be pressed by an Enter that was meant for what has gone, and the chain begins with the arm chip.
    """
    now: QWidget | None = top.focusWidget()
    if now is None or now.isVisible():
        return False
    while now is not None and now is not top and not (now.isVisible() and _is_stop(now)):
        now = now.parentWidget()
    (now or top).setFocus(Qt.FocusReason.OtherFocusReason)
    return True


def _is_stop(widget: QWidget) -> bool:
    takes_tab = (widget.focusPolicy() & Qt.FocusPolicy.TabFocus) == Qt.FocusPolicy.TabFocus
    return takes_tab and widget.isEnabled() and widget.focusProxy() is None


def _below(widget: QWidget) -> Iterator[QWidget]:
    """Give each shown widget below one, from the top and the left."""
    for child in _children(widget):
        if not child.isHidden() and not child.isWindow():
            yield child
            yield from _below(child)


def _children(widget: QWidget) -> list[QWidget]:
    """Return the children in the order of the layout, and by their place where none holds them."""
    layout = widget.layout()
    held = [] if layout is None else list(_held(layout))
    loose = [child for child in widget.children() if isinstance(child, QWidget) and child not in held]
    return held + sorted(loose, key=lambda child: (child.y(), child.x()))


def _held(layout: QLayout) -> Iterator[QWidget]:
    """Give the widgets of a layout and of the layouts in it; none of a kind whose order says nothing."""
    if not isinstance(layout, (QBoxLayout, QGridLayout, QFormLayout)):
        return
    for _, inner in sorted(_placed(layout), key=lambda placed: placed[0]):
        if isinstance(inner, QLayout):
            yield from _held(inner)
        else:
            yield inner


def _placed(layout: QLayout) -> Iterator[tuple[Place, QLayout | QWidget]]:
    """Give what a layout holds with its row and column.

    Found through the children, never by `itemAt`: Qt frees an item with its widget, and the binding would go on
    knowing the wrapper by an address that is soon another object's.
    """
    top = layout.parentWidget()
    children = [] if top is None else top.children()
    for child in (*layout.children(), *children):
        if isinstance(child, (QLayout, QWidget)) and child is not layout and (number := layout.indexOf(child)) >= 0:
            yield _place(layout, number), child


def _place(layout: QLayout, number: int) -> Place:
    if isinstance(layout, QGridLayout):
        row, column, _, _ = cast("tuple[int, int, int, int]", layout.getItemPosition(number))
        return row, column
    if isinstance(layout, QFormLayout):
        row, role = cast("tuple[int, QFormLayout.ItemRole]", layout.getItemPosition(number))
        return row, role.value
    return number, 0


def _scroll_to(widget: QWidget) -> None:
    """Bring a control into view in every area that scrolls around it."""
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea):
            around.ensureWidgetVisible(widget)
        around = around.parentWidget()
