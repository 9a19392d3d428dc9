"""Toasts: they never take the keyboard, fills come as one, critical ones stay, a muted kind is silent.

Long because what comes up, what sounds and what is spoken are of one stack, and one flood tries them together.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QMainWindow, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, order, position, status
from workstation.desktop.shell.sounds import Bell
from workstation.desktop.shell.speech import Voice
from workstation.desktop.shell.toasts import SHOWN_MAX, Toast, ToastStack
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.accounts import Environment, LockState
from workstation.domain.executions import Execution
from workstation.domain.market import StreamKind
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, Side
from workstation.viewmodels.frames import AccountSnap, Notice, StreamSnap
from workstation.viewmodels.notes import Note, NoteKind
from workstation.viewmodels.tones import tone


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    line = QLineEdit()
    made.setCentralWidget(line)
    made.resize(960, 600)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    line.setFocus()
    return made


@pytest.fixture
def stack(rig: DesktopRig, window: QMainWindow) -> ToastStack:
    made = ToastStack(rig.context, window)
    rig.feed(status=status(now_ns=START_NS))
    return made


def fill(number: int, **changes: Any) -> Execution:
    fields: dict[str, Any] = {
        "exec_key": f"x{number}",
        "exec_id": f"x{number}",
        "uid": f"u{number}",
        "cl_ord_id": "OMS-1",
        "order_id": "V-1",
        "account": "SIM-1",
        "symbol": "AAPL",
        "side": Side.BUY,
        "last_qty": 100,
        "last_px": 18_700 + number,
        "fee": 0,
        "fee_currency": "USD",
        "ts_event": START_NS,
        "ts_init": START_NS,
        "venue_seq": number,
    }
    return Execution(**{**fields, **changes})


def account(**changes: Any) -> AccountSnap:
    fields: dict[str, Any] = dict.fromkeys(("cash", "equity", "realised", "unrealised", "fees", "net", "drawdown"), 0)
    fields |= {
        "account": "SIM-1", "environment": Environment.SIM, "venue": "SIM", "currency": "USD", "buying_power": None,
        "day_limit": None, "unpriced": (), "lock": LockState.UNLOCKED, "lock_reason": "", "lockout": "",
    }  # fmt: skip
    return AccountSnap(**{**fields, **changes})


def notice(level: str, text: str = "Something happened.") -> Notice:
    return Notice(level=level, text=text, ts=START_NS)


def texts(stack: ToastStack) -> list[str]:
    return [toast.note.text for toast in stack.toasts]


def test_what_was_before_the_start_makes_no_toast(rig: DesktopRig, window: QMainWindow) -> None:
    stack = ToastStack(rig.context, window)
    rig.feed(fill(1), notice("warning"), status=status(now_ns=START_NS))
    rig.clock.advance(SECOND)
    rig.feed(status=status(now_ns=START_NS))
    assert texts(stack) == []


def test_fills_within_a_quarter_second_are_one_toast(stack: ToastStack, rig: DesktopRig) -> None:
    rig.feed(fill(1), fill(2))
    rig.clock.advance(SECOND // 10)
    rig.feed(fill(3, symbol="MSFT", side=Side.SELL, last_qty=50))
    assert texts(stack) == []
    rig.clock.advance(SECOND // 4)
    rig.feed(status=status(now_ns=START_NS))
    assert texts(stack) == ["3 fills: Bought 200 AAPL, Sold 50 MSFT"]


def test_a_single_fill_says_side_size_and_price(stack: ToastStack, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(fill(1))
    rig.clock.advance(SECOND)
    qtbot.waitUntil(lambda: texts(stack) == ["Bought 100 AAPL at 187.01"])


def test_a_toast_never_takes_the_keyboard(
    stack: ToastStack, rig: DesktopRig, window: QMainWindow, qtbot: QtBot
) -> None:
    line = window.centralWidget()
    rig.feed(notice("critical"))
    qtbot.keyClicks(line, "abc")
    assert isinstance(line, QLineEdit)
    assert line.text() == "abc"
    assert stack.toasts[0].focusPolicy() == Qt.FocusPolicy.NoFocus
    assert window.rect().contains(stack.toasts[0].geometry())


def test_a_critical_toast_outlasts_a_flood_and_leaves_when_acknowledged(stack: ToastStack, rig: DesktopRig) -> None:
    rig.feed(notice("critical", "The disk is full."))
    for number in range(10):
        rig.feed(notice("warning", f"w{number}"))
    assert len(stack.toasts) == SHOWN_MAX
    assert "The disk is full." in texts(stack)
    assert stack.menu.title() == "N&otes (11)"
    stack.acknowledge()
    assert (texts(stack), stack.menu.title()) == ([], "N&otes")


@pytest.mark.parametrize("levels", ["w" * 100, "w" * 40 + "c" + "w" * 40, "cc" + "w" * 30, "c" * 30, "w" * 30 + "c"])
def test_a_flood_in_one_frame_ends_as_one_by_one_and_makes_few_toasts(
    stack: ToastStack, rig: DesktopRig, window: QMainWindow, monkeypatch: pytest.MonkeyPatch, levels: str
) -> None:
    notices = [
        notice({"w": "warning", "c": "critical"}[level], f"{level}{number}") for number, level in enumerate(levels)
    ]
    made: list[str] = []
    first = Toast.__init__

    def counted(toast: Toast, note: Note, parent: QWidget) -> None:
        made.append(note.text)
        first(toast, note, parent)

    monkeypatch.setattr(Toast, "__init__", counted)
    rig.feed(*notices)
    at_once, count = texts(stack), len(made)
    assert stack.menu.title() == f"N&otes ({len(levels)})"
    stack.acknowledge()
    for one in notices:
        rig.feed(one)
    assert at_once == texts(stack)
    assert count <= 2 * SHOWN_MAX
    assert len(made) == count + len(levels)


def test_do_not_disturb_keeps_all_but_critical_silent_and_in_the_history(stack: ToastStack, rig: DesktopRig) -> None:
    stack.board.quiet = True
    rig.feed(notice("warning", "quiet one"), notice("critical", "loud one"))
    assert texts(stack) == ["loud one"]
    assert [note.text for note in stack.board.history] == ["quiet one", "loud one"]


def test_a_right_click_mutes_the_kind_for_a_quarter_hour(stack: ToastStack, rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(notice("warning", "Alert AAPL last > 187: holds."))
    qtbot.mouseClick(stack.toasts[0], Qt.MouseButton.RightButton)
    rig.feed(notice("warning", "Alert again."))
    assert texts(stack) == []
    rig.clock.advance(16 * 60 * SECOND)
    rig.feed(notice("warning", "Alert later."))
    assert texts(stack) == ["Alert later."]


def test_a_click_opens_the_order_that_was_rejected_once(stack: ToastStack, rig: DesktopRig, qtbot: QtBot) -> None:
    opened: list[str] = []
    stack.opened.connect(opened.append)
    for _ in range(2):
        rig.feed(order("OMS-9", state=OrdStatus.REJECTED))
    assert texts(stack) == ["BUY AAPL rejected by the venue"]
    qtbot.mouseClick(stack.toasts[0], Qt.MouseButton.LeftButton)
    assert (opened, texts(stack)) == (["OMS-9"], [])


def test_kinds_ring_differently_and_each_ring_is_seen_as_a_flash(
    stack: ToastStack, rig: DesktopRig, window: QMainWindow
) -> None:
    rung: list[str] = []
    stack.bell.enabled = False
    stack.bell.rung.connect(rung.append)
    rig.feed(order("OMS-9", state=OrdStatus.REJECTED))
    assert rung == [NoteKind.REJECT]
    flash = window.findChild(QFrame, "bell_flash")
    assert flash is not None
    assert flash.isVisible()


def test_without_flashes_a_ring_lights_nothing_up(
    qapp: QApplication, stack: ToastStack, rig: DesktopRig, window: QMainWindow
) -> None:
    apply_theme(qapp, load_theme("dark", flashing=False))
    try:
        rig.feed(order("OMS-9", state=OrdStatus.REJECTED))
        flash = window.findChild(QFrame, "bell_flash")
        assert flash is not None
        assert not flash.isVisible()
        assert texts(stack) == ["BUY AAPL rejected by the venue"]
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_a_refusal_of_a_gesture_is_a_note_and_mere_information_is_not(stack: ToastStack, rig: DesktopRig) -> None:
    rig.context.announcer.say("info", "Pending.")
    rig.context.announcer.say("warning", "Refused: price collar.")
    assert texts(stack) == ["Refused: price collar."]


def test_toasts_stand_beside_the_menus_and_cover_nothing(stack: ToastStack, window: QMainWindow) -> None:
    bar = window.menuBar()
    bar.addMenu(stack.menu)
    QApplication.processEvents()
    words = "Refused: the price is outside of the collar of the venue, and so is the stop, by more than it allows."
    for number in range(SHOWN_MAX + 1):
        stack.show(stack.board.refused("warning", f"{words} {number}", number * SECOND))
    places = [toast.geometry() for toast in stack.toasts]
    menus = bar.actionGeometry(stack.menu.menuAction())
    assert len(places) == SHOWN_MAX
    assert not places[0].intersects(places[1])
    for place in places:
        assert bar.geometry().contains(place)
        assert place.left() > menus.right()
    for toast in stack.toasts:
        assert toast.text.text().endswith("…")
        assert words in toast.toolTip()
        assert words in toast.accessibleName()


def statuses(window: QMainWindow) -> str:
    flash = window.findChild(QFrame, "bell_flash")
    return "" if flash is None or not flash.isVisible() else "flash"


@pytest.fixture
def listener(tmp_path: Path) -> tuple[tuple[str, ...], Path]:
    """Return a player that only writes down what it shall play, and where."""
    heard = tmp_path / "heard.txt"
    script = "import sys, pathlib; f = pathlib.Path(sys.argv[1]).open('a'); f.write(sys.argv[2] + '\\n'); f.close()"
    return (sys.executable, "-S", "-c", script, str(heard)), heard


def heard_after(bell: Bell, kind: NoteKind, heard: Path, qtbot: QtBot) -> Path:
    with qtbot.waitSignal(bell._process.finished):
        bell.ring(kind)
    return Path(heard.read_text().splitlines()[-1])


def test_a_toast_that_stands_follows_the_size_of_the_text(
    stack: ToastStack, rig: DesktopRig, window: QMainWindow, qapp: QApplication
) -> None:
    window.menuBar().addMenu("View")
    rig.context.announcer.say("warning", "Refused: price collar. 187.95 is 31t through ask 187.64; limit 25t.")
    (toast,) = stack.toasts
    window.setFixedSize(window.size())
    for scale in (1.0, 1.7):
        apply_theme(qapp, load_theme("dark", text_scale=scale))
        QApplication.processEvents()
        for label in toast.findChildren(QLabel):
            assert label.width() >= label.fontMetrics().horizontalAdvance(label.text()), (scale, label.text())
            assert label.height() >= label.fontMetrics().height()
        assert window.rect().contains(toast.geometry())


def test_in_a_narrow_place_the_time_of_a_toast_gives_way_and_its_kind_stands_whole(
    stack: ToastStack, window: QMainWindow
) -> None:
    stack.show(stack.board.refused("warning", "Refused: price collar.", 0))
    (toast,) = stack.toasts
    for width in (400, 200, 130):
        toast.fit(QRect(0, 0, width, 30))
        QApplication.processEvents()
        head = toast.findChildren(QLabel)[0]
        assert head.text().startswith(toast.note.kind.words.upper())
        assert head.width() >= head.fontMetrics().horizontalAdvance(head.text()), width
    assert "·" not in head.text()
    assert "15:00:00" in toast.toolTip()


def test_each_kind_is_played_as_a_tone_of_its_own_and_each_environment_has_its_voice(
    qtbot: QtBot, listener: tuple[tuple[str, ...], Path]
) -> None:
    player, heard = listener
    bell = Bell(Environment.LIVE, player)
    file = heard_after(bell, NoteKind.FILL, heard, qtbot)
    assert file.name == "live-fill.wav"
    assert file.read_bytes() == tone(NoteKind.FILL, Environment.LIVE)
    tones = {tone(kind, environment) for kind in NoteKind for environment in Environment}
    assert len(tones) == len(NoteKind) * len(Environment)
    with wave.open(str(file)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
        assert (sound.getnchannels(), sound.getframerate()) == (1, 22_050)
    assert 0.1 < len(samples) / 22_050 < 0.5
    assert 5_000 < int(np.abs(samples).max()) < 32_767
    assert samples[0] == 0


def test_a_sound_of_ones_own_is_played_and_a_missing_one_is_told_once(
    qtbot: QtBot, tmp_path: Path, listener: tuple[tuple[str, ...], Path], logged: Any
) -> None:
    player, heard = listener
    bell, told = Bell(Environment.SIM, player), []
    own = tmp_path / "ding.wav"
    bell.own = lambda: {"fill": own}
    bell.troubled.connect(lambda level, text: told.append((level, text)))
    for _ in range(2):
        assert heard_after(bell, NoteKind.FILL, heard, qtbot).name == "sim-fill.wav"
    assert told == [("warning", "The sound ding.wav of fill is not there; the built-in tone takes its place.")]
    own.write_bytes(tone(NoteKind.NOTICE, Environment.SIM))
    assert heard_after(bell, NoteKind.FILL, heard, qtbot) == own


@pytest.mark.parametrize("player", [(), (sys.executable, "-S", "-c", "raise SystemExit(3)"), ("no-such-player",)])
def test_without_a_device_the_top_bar_flashes_and_one_notice_says_so(
    rig: DesktopRig, stack: ToastStack, window: QMainWindow, qtbot: QtBot, player: tuple[str, ...]
) -> None:
    stack.bell = Bell(Environment.SIM, player)
    stack.bell.rung.connect(lambda _kind: stack._show_flash())
    stack.bell.troubled.connect(stack._on_troubled)
    for number in range(2):
        rig.feed(order(f"OMS-{number}", state=OrdStatus.REJECTED))
        assert statuses(window) == "flash"
        qtbot.waitUntil(lambda: stack.bell._sounding is None)
    said = [note.text for note in stack.board.history if note.text.startswith("No sound: ")]
    assert len(said) == 1


def test_a_more_urgent_kind_breaks_another_off_and_a_lesser_one_waits_for_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    bell, rung = Bell(Environment.SIM, (sys.executable, "-S", "-c", "input()")), []
    bell.rung.connect(rung.append)
    for kind in (NoteKind.FILL, NoteKind.FILL, NoteKind.REJECT, NoteKind.FILL, NoteKind.LIMIT_HIT, NoteKind.REJECT):
        bell.ring(kind)
    assert rung == ["fill", "reject", "limit_hit"]
    qtbot.waitUntil(lambda: "limit_hit" in "".join(bell._process.arguments()))
    assert bell._sounding is NoteKind.LIMIT_HIT
    bell.stop()


def test_what_comes_up_is_spoken_where_it_is_switched_on_and_no_voice_is_told_once(
    qtbot: QtBot, tmp_path: Path
) -> None:
    said, told = tmp_path / "said.txt", []
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    voice = Voice((sys.executable, "-S", "-c", script, str(said)))
    voice.say("Bought 100 AAPL")
    voice.enabled = True
    with qtbot.waitSignal(voice._process.finished):
        voice.say("Bought 100 AAPL at −5; `rm`")
    assert said.read_text() == "Bought 100 AAPL at −5; `rm`\n"
    slow = Voice((sys.executable, "-S", "-c", f"{script}; input()", str(said)))
    slow.enabled = True
    slow.say("the first, which is broken off")
    with qtbot.waitSignal(slow._process.started):
        slow.say("the second")
    qtbot.waitUntil(lambda: said.read_text() == "the second\n")
    slow.stop()
    mute = Voice(())
    mute.enabled = True
    mute.troubled.connect(told.append)
    mute.say("one")
    mute.say("two")
    assert len(told) == 1


def test_a_fill_of_an_order_that_goes_on_is_a_part_and_the_last_one_is_a_fill(
    stack: ToastStack, rig: DesktopRig
) -> None:
    kinds = []
    for number, state in enumerate((OrdStatus.PARTIALLY_FILLED, OrdStatus.FILLED)):
        rig.feed(fill(number), order("OMS-1", state=state))
        rig.clock.advance(SECOND)
        rig.feed(status=status(now_ns=START_NS))
        kinds.append(stack.board.history[-1].kind)
    assert kinds == [NoteKind.PARTIAL, NoteKind.FILL]


def test_arming_is_heard_and_does_not_come_up(stack: ToastStack, rig: DesktopRig) -> None:
    rung: list[str] = []
    stack.bell.rung.connect(rung.append)
    rig.feed(status=status(armed=Environment.SIM))
    rig.feed(status=status())
    assert rung == ["arm", "disarm"]
    assert texts(stack) == []
    stack.board.quiet = True
    rig.feed(status=status(armed=Environment.SIM))
    assert rung == ["arm", "disarm"]


def test_a_stream_that_goes_stale_is_told_once_a_minute_at_most(stack: ToastStack, rig: DesktopRig) -> None:
    def stream(age_ms: int, after_s: int) -> None:
        snap = StreamSnap(
            stream=StreamKind.QUOTES, state="UP", worst_age_ms=age_ms, worst_symbol="AAPL", updates_per_s=1.0
        )
        rig.feed(status=status(streams=(snap,), now_ns=START_NS + after_s * SECOND))

    for age_ms, after_s in ((1, 0), (9_000, 1), (9_000, 2), (1, 3), (9_000, 4), (1, 70), (9_000, 71)):
        stream(age_ms, after_s)
    kinds = [note.text for note in stack.board.history if note.kind is NoteKind.STALE]
    assert kinds == ["Quotes of AAPL are stale"] * 2


def test_a_limit_that_is_near_and_one_that_is_hit_are_told_once_each(stack: ToastStack, rig: DesktopRig) -> None:
    for net, lockout in ((-10, ""), (-850, ""), (-860, ""), (-1_001, "day loss 1,001 of 1,000"), (-1_001, "the same")):
        rig.feed(accounts=[account(net=net * MONEY_ONE, day_limit=1_000 * MONEY_ONE, lockout=lockout)])
    told = [(note.kind, note.level) for note in stack.board.history]
    assert told == [(NoteKind.LIMIT_NEAR, "warning"), (NoteKind.LIMIT_HIT, "critical")]
    assert "150.00 USD left to the day loss limit" in stack.board.history[0].text


def test_a_position_that_loses_its_stop_is_told_and_one_on_its_way_out_is_not(
    stack: ToastStack, rig: DesktopRig
) -> None:
    for protection, phase in (("none", ""), ("full", ""), ("none", "CANCELLING"), ("full", ""), ("none", "")):
        rig.feed(positions=[position(protection=protection, exit_phase=phase)])
    told = [note for note in stack.board.history if note.kind is NoteKind.UNPROTECTED]
    assert [note.text for note in told] == ["The position in AAPL of SIM-1 has no stop any more"]


def test_del_in_the_menu_of_notes_acknowledges_the_one_that_is_chosen(
    stack: ToastStack, rig: DesktopRig, qtbot: QtBot
) -> None:
    rig.feed(notice("critical", "The disk is full."), notice("critical", "The feed is down."))
    stack.menu.popup(stack.menu.pos())
    chosen = next(action for action in stack.menu.actions() if "The disk is full." in action.text())
    stack.menu.setActiveAction(chosen)
    qtbot.keyClick(stack.menu, Qt.Key.Key_Delete)
    assert texts(stack) == ["The feed is down."]
    assert stack.menu.title() == "N&otes (1)"
    stack.menu.close()


def test_toasts_make_room_when_the_count_makes_the_menu_wider(stack: ToastStack, window: QMainWindow) -> None:
    bar = window.menuBar()
    for menu in (QMenu("Workspaces", window), stack.menu, QMenu("Help", window)):
        bar.addMenu(menu)
    window.resize(420, 300)
    QApplication.processEvents()
    stack._on_spoken("warning", "Refused: price collar. 187.95 is 31t through ask 187.64; limit 25t.", "")
    assert stack.menu.title() == "N&otes (1)"
    menus = max(bar.actionGeometry(action).right() for action in bar.actions())
    assert min(toast.x() for toast in stack.toasts) > menus
