"""The profile modal by real key and mouse: a held key stages at the cursor, a click on a price sends, release ends."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.helpers.desktop_rig import DesktopRig, quote
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.domain.orders import OrdType, Side

Key = Qt.Key
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def rig(qapp):
    rig = DesktopRig()
    rig.feed(quotes=[quote(bid=18_719, ask=18_721)])
    rig.arm()
    yield rig
    rig.stop()


@pytest.fixture
def window(qtbot, rig, qapp, tmp_path):
    file = tmp_path / "hotkeys.toml"
    file.write_text('version = 1\nprofile = "modal"\n', encoding="utf-8")
    window = QWidget()
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    window.keys = HotkeyFilter(rig.context, file)
    assert window.keys.store.load()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.setFocus()
    qapp.installEventFilter(window.keys)
    yield window
    qapp.removeEventFilter(window.keys)


def placed(rig):
    return rig.gateway.of("order.submit")


@pytest.mark.parametrize(
    ("key", "modifier", "side", "kind"),
    [
        (Key.Key_B, NONE, Side.BUY, OrdType.LIMIT),
        (Key.Key_S, NONE, Side.SELL, OrdType.LIMIT),
        (Key.Key_B, SHIFT, Side.BUY, OrdType.STOP),
        (Key.Key_S, SHIFT, Side.SELL, OrdType.STOP),
    ],
)
def test_a_held_key_and_a_click_send_one_order_at_the_cursor(qtbot, rig, window, *, key, modifier, side, kind):
    rig.context.cursor.point("AAPL", 18_715)
    qtbot.keyPress(window, key, modifier)
    assert placed(rig) == []
    assert "not sent" in rig.spoken[-1][1]
    rig.context.cursor.point("AAPL", 18_730)
    qtbot.mouseClick(window, LEFT)
    (sent,) = placed(rig)
    terms = sent.terms
    price = terms.price if kind is OrdType.LIMIT else terms.stop_px
    assert (terms.side, terms.ord_type, price) == (side, kind, 18_730)
    qtbot.keyRelease(window, key, modifier)
    qtbot.mouseClick(window, LEFT)
    assert len(placed(rig)) == 1


def test_a_double_click_sends_once_and_a_repeated_key_changes_nothing(qtbot, rig, window):
    rig.context.cursor.point("AAPL", 18_715)
    qtbot.keyPress(window, Key.Key_B)
    QApplication.sendEvent(window, QKeyEvent(QEvent.Type.KeyPress, Key.Key_B, NONE, "", True))
    qtbot.mouseClick(window, LEFT, pos=QPoint(5, 5))
    qtbot.mouseDClick(window, LEFT, pos=QPoint(5, 5))
    assert len(placed(rig)) == 1


def test_a_click_where_no_price_is_or_with_another_button_sends_nothing(qtbot, rig, window):
    qtbot.keyPress(window, Key.Key_B)
    assert "point at a price" in rig.spoken[-1][1]
    qtbot.mouseClick(window, LEFT)
    rig.context.cursor.point("AAPL", 18_715)
    qtbot.mouseClick(window, Qt.MouseButton.RightButton)
    assert placed(rig) == []


def test_leaving_the_window_ends_it(qtbot, rig, window):
    rig.context.cursor.point("AAPL", 18_715)
    qtbot.keyPress(window, Key.Key_B)
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowDeactivate))
    qtbot.mouseClick(window, LEFT)
    assert (placed(rig), window.keys.click.waits) == ([], False)


def test_the_modal_profile_keeps_the_exits_of_the_other(window):
    store = window.keys.store
    assert store.file.profile == "modal"
    assert store.keys_of("flatten") == "F9"
    assert store.keys_of("click_buy") == "B held, click"
    assert store.keys_of("buy_join") == ""
