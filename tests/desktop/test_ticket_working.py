"""The ticket's list of working orders beside very many: the newest, what is selected, and how many there are."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.helpers.desktop_rig import START_NS, limit, order
from tests.helpers.ticket_rig import open_ticket
from workstation.commands.params import CancelOne
from workstation.desktop.panels.ticket_orders import SHOWN_MAX


def told(first: int, stop: int) -> list[object]:
    return [order(f"O{number}", limit(), created_at=START_NS + number) for number in range(first, stop)]


def test_the_newest_are_listed_and_the_caption_counts_them_all(qtbot, rig):
    panel = open_ticket(qtbot, rig)
    rig.feed(*told(0, SHOWN_MAX))
    orders = panel.working.list
    assert (panel.working.caption.text(), orders.count()) == (f"Working in AAPL: {SHOWN_MAX}", SHOWN_MAX)
    rig.feed(*told(SHOWN_MAX, 1_200))
    assert panel.working.caption.text() == f"Working in AAPL: 1,200, {SHOWN_MAX} listed"
    ids = [orders.item(row).data(Qt.ItemDataRole.UserRole) for row in range(orders.count())]
    assert ids == [f"O{number}" for number in range(1_199, 1_199 - SHOWN_MAX, -1)]


def test_what_is_selected_stays_listed_and_is_what_the_button_cancels(qtbot, rig):
    panel = open_ticket(qtbot, rig)
    holder = panel.holder
    holder.resize(320, 900)
    rig.feed(*told(0, 3))
    orders = panel.working.list
    qtbot.waitUntil(panel.working.isVisible)
    oldest = orders.item(2)
    qtbot.mouseClick(orders.viewport(), Qt.MouseButton.LeftButton, pos=orders.visualItemRect(oldest).center())
    rig.feed(*told(3, 400))
    assert [item.data(Qt.ItemDataRole.UserRole) for item in orders.selectedItems()] == ["O0"]
    assert orders.count() == SHOWN_MAX + 1
    qtbot.mouseClick(panel.working.cancel, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("order.cancel") == [CancelOne(cl_ord_id="O0", reason="ticket")]
