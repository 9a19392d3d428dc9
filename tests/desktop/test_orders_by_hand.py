"""The blotter as a person has it: cells clicked and typed into, menus and dialogs gone through, rows looked at.

The engine is not there: what the panel would ask of it is read, and what it would report is fed.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QFileDialog, QLineEdit, QMenu, QToolTip
from pytestqt.qtbot import QtBot

from tests.desktop.test_orders_panel import ids, shown, stop
from tests.helpers.desktop_rig import START_NS, DesktopRig, limit, order, status
from tests.helpers.picture_compare import pixels_of
from workstation.desktop.panels.amend_bar import AmendBar
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.theme import apply_theme, current_theme, load_theme
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdStatus, RequestKind, Side
from workstation.viewmodels.order_states import LOOKS

LEFT = Qt.MouseButton.LeftButton
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot):
    made = OrdersPanel(rig.context, "orders-1")
    qtbot.addWidget(made)
    made.resize(1_300, 300)
    made.show()
    made.activateWindow()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def cell(panel: OrdersPanel, row: int, name: str) -> QPoint:
    return panel.view.visualRect(panel.columns.index(row, panel.columns.column_named(name))).center()


def click(panel: OrdersPanel, qtbot: QtBot, row: int, name: str) -> None:
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=cell(panel, row, name))


def editor(panel: OrdersPanel) -> QLineEdit | None:
    return panel.view.findChild(QLineEdit, "order_edit")


def opened(panel: OrdersPanel, qtbot: QtBot, name: str) -> QLineEdit:
    """Click into a cell, and again once its row is selected; returns the editor that comes."""
    click(panel, qtbot, 0, name)
    assert editor(panel) is None, "the first click selects"
    click(panel, qtbot, 0, name)
    qtbot.waitUntil(lambda: editor(panel) is not None)  # it waits whether the click becomes a double one
    found = editor(panel)
    assert found is not None
    return found


def bar(panel: OrdersPanel) -> AmendBar:
    found = panel.view.findChild(AmendBar)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "typed", "changed"),
    [("price", "187.20", ("price", 18_720)), ("qty", "2k", ("order_qty", 2_000)), ("tif", "ioc", None)],
)
def test_a_click_into_a_cell_of_the_selected_row_amends_it_by_enter(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot, *, name: str, typed: str, changed: tuple[str, int] | None
) -> None:
    rig.feed(order("OMS-1", version=3))
    line = opened(panel, qtbot, name)
    assert line.hasFocus()
    qtbot.keyClicks(line, typed)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    (wish,) = rig.gateway.of("order.replace")
    assert (wish.cl_ord_id, wish.version) == ("OMS-1", 3)
    assert changed is None or getattr(wish, changed[0]) == changed[1]
    assert not any(found.isVisible() for found in panel.view.findChildren(AmendBar))


@pytest.mark.parametrize("leave", ["escape", "elsewhere"])
def test_an_edit_that_is_left_changes_nothing(panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot, leave: str) -> None:
    rig.feed(order("OMS-1"))
    line = opened(panel, qtbot, "price")
    qtbot.keyClicks(line, "1.00")
    if leave == "escape":
        qtbot.keyClick(line, Qt.Key.Key_Escape)
    else:
        panel.filter_line.setFocus()
    qtbot.waitUntil(lambda: editor(panel) is None)
    assert rig.gateway.sent() == []
    assert shown(panel, "price") == ["187.15"]


def test_enter_opens_the_cell_that_the_cursor_is_in_else_the_price_and_f2_opens_none(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(order("OMS-1"))
    for clicked, text in (("symbol", "187.15"), ("qty", "100")):
        click(panel, qtbot, 0, clicked)
        qtbot.keyClick(panel.view, Qt.Key.Key_F2)
        assert editor(panel) is None, "F2 is a key that trades"
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: editor(panel) is not None)
        line = editor(panel)
        assert line is not None
        assert line.text() == text
        qtbot.keyClick(line, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: editor(panel) is None)
    assert "F2" not in "".join(column.hint for column in panel.blotter.table.columns)


def test_the_steps_beside_an_edit_move_it_by_a_tick_and_leave_the_cursor_there(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(order("OMS-1"))
    line = opened(panel, qtbot, "price")
    told = bar(panel)
    assert (told.isVisible(), told.words.text()) == (True, "no change")
    for name, text, words in (
        ("up", "187.16", "+1t, loses queue place"),
        ("down", "187.15", "no change"),
        ("down", "187.14", "−1t, loses queue place"),
    ):
        qtbot.mouseClick(told.steps[name], LEFT)
        assert (line.text(), told.words.text(), line.hasFocus()) == (text, words, True)
    qtbot.keyClicks(line, "9")
    assert told.words.text().startswith("Refused: ")
    assert told.words.property("role") == "danger"
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert (line.property("invalid"), rig.gateway.sent()) == ("true", [])
    qtbot.keyClick(line, Qt.Key.Key_Backspace)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert [change.price for change in rig.gateway.of("order.replace")] == [18_714]
    assert QToolTip.text() == ""


def test_a_quantity_has_steps_of_a_lot_and_a_life_has_none(panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(order("OMS-1"))
    line = opened(panel, qtbot, "qty")
    qtbot.mouseClick(bar(panel).steps["down"], LEFT)
    assert (line.text(), bar(panel).words.text()) == ("99", "−1, keeps its queue place")
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not panel.view.findChildren(AmendBar))
    click(panel, qtbot, 0, "tif")
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor(panel) is not None)
    assert bar(panel).steps == {}


@pytest.mark.parametrize(("row", "width"), [(0, 1_300), (7, 1_300), (0, 420)])
def test_what_enter_would_do_stands_whole_beside_the_cell(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot, row: int, width: int
) -> None:
    panel.resize(width, 230)
    rig.feed(*(order(f"OMS-{n}") for n in range(8)))
    panel.view.selectRow(row)
    panel.edit("price")
    QApplication.processEvents()
    line, told = editor(panel), bar(panel)
    assert line is not None
    qtbot.keyClick(line, Qt.Key.Key_Up)
    box, port = told.geometry(), panel.view.viewport().rect()
    assert not box.intersects(line.geometry())
    assert port.contains(box) or box.width() > port.width()
    assert told.words.width() >= told.words.sizeHint().width()


def test_an_order_whose_outcome_is_not_known_opens_no_editor_and_says_why(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(order("OMS-1", unknown=RequestKind.REPLACE, unknown_cause="no answer"))
    click(panel, qtbot, 0, "price")
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert editor(panel) is None
    assert rig.spoken[-1] == (
        "warning",
        "Refused: the order's outcome is not known. Wait for the venue, or cancel it.",
    )


def test_selected_orders_move_by_ten_ticks_with_shift(panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(order("OMS-1"), stop())
    click(panel, qtbot, 0, "symbol")
    qtbot.mouseClick(panel.view.viewport(), LEFT, SHIFT, pos=cell(panel, 1, "symbol"))
    qtbot.keyClick(panel.view, Qt.Key.Key_Down, ALT | SHIFT)
    moved = {wish.cl_ord_id: (wish.price, wish.stop_px) for wish in rig.gateway.of("order.replace")}
    assert moved == {"OMS-1": (18_705, None), "OMS-S": (None, 18_590)}
    assert rig.spoken[-1][1] == "Asked to move 2 orders by -10t."
    assert rig.gateway.calls[-1].origin.detail == "Alt+Shift+Down"
    qtbot.keyClick(panel.view, Qt.Key.Key_Home)  # the program knows from events alone that Alt and Shift are up


def test_selected_orders_move_by_as_many_ticks_as_are_typed(panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", limit(price=18_700)))
    panel.view.selectAll()
    menu = panel.context_menu()
    next(action for action in menu.actions() if action.objectName() == "orders-1_move").trigger()
    menu.close()
    line = panel.mover.ticks
    assert (panel.mover.isVisible(), line.hasFocus()) == (True, True)
    assert panel.mover.words.text() == "Move 2 orders by ticks:"
    for wrong in ("", "0", "2.5", "-3", "1e2", "10001"):
        line.clear()
        qtbot.keyClicks(line, wrong)
        qtbot.mouseClick(panel.mover.buttons["down"], LEFT)
        assert (line.text(), line.property("invalid"), rig.gateway.sent()) == (wrong, "true", [])
        assert panel.mover.words.text() == "Refused: A whole number of ticks, 1 to 10,000."
    line.clear()
    qtbot.keyClicks(line, "7")
    qtbot.mouseClick(panel.mover.buttons["down"], LEFT)
    assert [wish.price for wish in rig.gateway.of("order.replace")] == [18_693, 18_708]
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert (panel.mover.isVisible(), panel.view.hasFocus()) == (False, True)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_view_is_exported_through_the_dialog_as_the_kind_that_is_chosen(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot, tmp_path: Path, as_json: bool
) -> None:
    rig.feed(order("OMS-1", limit(qty=12_500)), order("OMS-2", limit(symbol="MSFT")))
    qtbot.keyClicks(panel.filter_line, "aapl")

    def fill_in() -> None:
        (dialog,) = (top for top in QApplication.topLevelWidgets() if isinstance(top, QFileDialog) and top.isVisible())
        name = dialog.findChild(QLineEdit, "fileNameEdit")
        assert name.text() == "orders.csv"
        name.setText(str(tmp_path / "mine"))
        if as_json:
            kinds = dialog.findChild(QComboBox, "fileTypeCombo")
            qtbot.keyClick(kinds, Qt.Key.Key_Down)
        qtbot.mouseClick(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save), LEFT)

    QTimer.singleShot(0, fill_in)
    menu = panel.context_menu()
    next(action for action in menu.actions() if action.objectName() == "orders-1_export").trigger()
    menu.close()
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["mine.json" if as_json else "mine.csv"]
    text = (tmp_path / written[0]).read_text()
    assert "MSFT" not in text
    if as_json:
        (row,) = msgspec.json.decode(text)
        assert (row["Qty"], row["Time"]) == ("12500", "2024-01-02T15:00:00.000000000Z")
    else:
        assert "2024-01-02T15:00:00.000000000Z,AAPL,BUY,12500," in text.splitlines()[1]
    assert rig.spoken[-1][1] == f"1 rows exported to {written[0]}."


def pair(role: LegRole, parent: str = "") -> GroupLink:
    return GroupLink("G", Contingency.BRACKET, role, parent)


def test_linked_orders_stand_under_their_parent_once_the_menu_groups_them(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(
        order("OMS-P", state=OrdStatus.FILLED, link=pair(LegRole.ENTRY)),
        order("OMS-T", limit(Side.SELL, 18_790), link=pair(LegRole.TAKE_PROFIT, "OMS-P")),
        order("OMS-X"),
        order("OMS-Y", limit(Side.SELL, 18_650), link=pair(LegRole.STOP_LOSS, "OMS-P")),
        order("OMS-Z"),
    )
    assert ids(panel) == ["OMS-Z", "OMS-Y", "OMS-X", "OMS-T", "OMS-P"]
    before = left_ink(panel, ids(panel).index("OMS-T"))
    qtbot.mouseClick(panel.group_button, LEFT)
    menu = panel.findChild(QMenu, "orders-1_group_menu")
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert panel.group_button.text() == "By linked orders ▾"
    listed = ids(panel)
    parent = listed.index("OMS-P")
    assert set(listed[parent + 1 : parent + 3]) == {"OMS-T", "OMS-Y"}
    assert left_ink(panel, listed.index("OMS-T")) > before, "a leg is drawn further in"
    assert left_ink(panel, listed.index("OMS-Z")) == before


def left_ink(panel: OrdersPanel, row: int) -> int:
    """Return where the first pixel of a row's state stands, from the left of its cell."""
    return int(np.flatnonzero(drawn(state_cell(panel, row)).any(axis=0))[0])


def state_cell(panel: OrdersPanel, row: int, name: str = "state") -> NDArray[np.int_]:
    """Return the pixels of a cell of a row, `(height, width, 3)`."""
    box = panel.view.visualRect(panel.columns.index(row, panel.columns.column_named(name)))
    return pixels_of(panel.view.viewport().grab(box.adjusted(1, 2, -2, -2)).toImage()).astype(np.int_)[:, :, :3]


def drawn(cell: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Return what differs from the ground, `(height, width)`, whatever the colours are."""
    return np.abs(cell - cell[0, -1]).max(axis=2) > 60


STATES = {
    "WORKING": {}, "PARTIAL": {"state": OrdStatus.PARTIALLY_FILLED}, "PENDING": {"state": OrdStatus.PENDING_SUBMIT},
    "HELD": {"state": OrdStatus.NEW}, "FILLED": {"state": OrdStatus.FILLED},
    "CANCELLED": {"state": OrdStatus.CANCELLED},
    "REJECTED": {"state": OrdStatus.REJECTED}, "REFUSED": {"state": OrdStatus.RISK_REJECTED},
    "UNKNOWN": {"unknown": RequestKind.CANCEL},
}  # fmt: skip


@pytest.mark.parametrize("theme", ["dark", "light", "high_contrast"])
def test_states_differ_by_shape_without_their_colours_and_unknown_is_turned_around(
    panel: OrdersPanel, rig: DesktopRig, qapp: QApplication, theme: str
) -> None:
    apply_theme(qapp, load_theme(theme))
    try:
        rig.feed(*(order(f"OMS-{word}", **fields) for word, fields in STATES.items()))
        panel.rejects.click()
        words = shown(panel)
        assert sorted(words) == sorted(STATES)
        cells = {word: state_cell(panel, row) for row, word in enumerate(words)}
        side = min(cell.shape[0] for cell in cells.values())
        shapes = {word: drawn(cell)[:side, : side + 4].tobytes() for word, cell in cells.items()}
        assert len(set(shapes.values())) == len({LOOKS[word][0] for word in STATES}) == len(STATES)
        ground = {word: tuple(cell[0, -1]) for word, cell in cells.items()}
        text = current_theme().colors.text
        assert ground["UNKNOWN"] == (text.red(), text.green(), text.blue())
        assert ground["WORKING"] != ground["UNKNOWN"]
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_a_reject_stays_red_whatever_else_happens_until_its_counter_is_clicked(
    panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(order("OMS-1"), order("OMS-2", state=OrdStatus.REJECTED, reject_code="PX", text="outside the collar"))

    def grounds() -> dict[str, list[tuple[int, ...]]]:
        """Return the ground of each row's state, and of the row beside it."""
        names = ("state", "symbol")
        return {
            order_id: [tuple(state_cell(panel, row, name)[0, -1]) for name in names]
            for row, order_id in enumerate(ids(panel))
        }

    red = grounds()["OMS-2"]
    assert all(ground[0] > ground[1] + 20 for ground in red)
    assert all(ground != calm for ground, calm in zip(red, grounds()["OMS-1"], strict=True))
    click(panel, qtbot, 0, "symbol")
    qtbot.keyClicks(panel.filter_line, "aapl")
    rig.feed(*(order(f"OMS-{n}") for n in range(3, 9)), status=status(now_ns=START_NS + 3_600 * 10**9))
    panel.view.clearSelection()
    assert grounds()["OMS-2"] == red
    assert panel.rejects.text() == "1 reject ✓"
    qtbot.mouseClick(panel.rejects, LEFT)
    assert grounds()["OMS-2"] == grounds()["OMS-1"]
    assert panel.columns.index(ids(panel).index("OMS-2"), panel.columns.column_named("reason")).data() == (
        "[PX] outside the collar"
    )


def test_chips_are_pressed_and_add_up(panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(*(order(f"OMS-{word}", **fields) for word, fields in STATES.items()))
    qtbot.mouseClick(panel.chips["unknown"], LEFT)
    assert shown(panel) == ["UNKNOWN"]
    qtbot.mouseClick(panel.chips["rejected"], LEFT)
    assert sorted(shown(panel)) == ["REFUSED", "REJECTED", "UNKNOWN"]
    qtbot.mouseClick(panel.chips["unknown"], LEFT)
    qtbot.mouseClick(panel.chips["rejected"], LEFT)
    qtbot.mouseClick(panel.chips["working"], LEFT)
    assert sorted(shown(panel)) == ["HELD", "PARTIAL", "PENDING", "WORKING"]
