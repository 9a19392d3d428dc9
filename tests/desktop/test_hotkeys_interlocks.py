"""The interlocks in their order, by real keys over the real desk: every obstacle at once, and taken away one by one.

What adds risk is refused by the first that stands; what takes risk away is stopped by the few that may stop it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.core_gateway import CoreGateway
from tests.helpers.core_rig import SYMBOL, CoreRig, instrument
from tests.helpers.desktop_rig import DesktopRig, quote
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.domain.accounts import Environment
from workstation.domain.events import ArmChanged, LimitChanged
from workstation.ports.broker import SessionState

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MS = 1_000_000
SIZE = 5
HELD = 300


class Bench:
    """A focused window with the keys of the shipped map, the real desk behind it, and a venue in hand."""

    def __init__(self, bot: QtBot) -> None:
        self.bot = bot
        self.core = CoreRig()
        self.rig = DesktopRig(
            instrument(), instrument("XYZ"), clock=self.core.clock, seed=9, gateway=CoreGateway(self.core)
        )
        self.window = QWidget()
        self.window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        QVBoxLayout(self.window)
        bot.addWidget(self.window)
        self.window.show()
        self.window.activateWindow()
        self.window.setFocus()
        self.keys = HotkeyFilter(self.rig.context)
        self.rig.context.sizes.take(SIZE)
        self.show_quote(10_000)

    def show_quote(self, bid: int | None) -> None:
        self.rig.feed(quotes=[quote(SYMBOL, bid, 10_002), quote("XYZ", 10_000, 10_002)])

    def press(self, key: Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> str:
        """Press a key on what has the keyboard; returns what is said once it is durable and the answer is in."""
        self.core.journal.instant = False
        self.bot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)
        self.core.journal.commit()
        self.core.journal.instant = True
        QApplication.processEvents()
        return self.rig.spoken[-1][1] if self.rig.spoken else ""

    @property
    def sent(self) -> int:
        return len(self.core.broker.of("submit"))

    def arm(self, *, armed: bool) -> None:
        change = ArmChanged(armed=armed, environment="SIM" if armed else "", actor="test", reason="", ts=self.core.now)
        self.core.record(change)

    def limit(self, qty: str) -> None:
        fields = {"limit": "ORDER_QUANTITY", "scope": "TENANT", "key": "", "old": "", "actor": "test", "reason": ""}
        self.core.record(LimitChanged(**fields, new=qty, ts=self.core.now))

    def pass_ms(self, ms: int) -> None:
        self.core.clock.advance(ms * MS)


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication) -> Iterator[Bench]:
    made = Bench(qtbot)
    qapp.installEventFilter(made.keys)
    yield made
    qapp.removeEventFilter(made.keys)
    made.rig.stop()
    made.core.desk.stop()


def all_obstacles(bench: Bench) -> list[tuple[str, str, Callable[[], object]]]:
    """Put every obstacle in the way; returns each with what is said of it and what takes it away, in their order."""
    core, before = bench.core, bench.sent
    bench.rig.context.focus.move(symbol="XYZ")
    assert bench.press(Key.Key_F1).startswith("Refused: the focus moved")
    bench.pass_ms(300)
    bench.rig.context.focus.move(symbol=SYMBOL)
    bench.pass_ms(300)
    bench.press(Key.Key_F1)
    assert bench.sent == before + 1
    bench.rig.context.focus.move(symbol="XYZ")
    bench.rig.context.focus.move(symbol=SYMBOL)
    bench.show_quote(None)
    bench.arm(armed=False)
    core.prices.quote(SYMBOL, 10_000, 10_002, fresh=False)
    bench.limit("1")
    core.journal.trouble = "disk full"
    return [
        ("3 focus", "Refused: the focus moved to ABC under 300 ms ago.", lambda: bench.pass_ms(300)),
        ("4 absent", "Refused: bid is absent.", lambda: bench.show_quote(10_000)),
        ("5 arming", "Refused: not armed.", lambda: bench.arm(armed=True)),
        ("6 fresh", "Refused: reference price.", lambda: core.prices.quote(SYMBOL, 10_000, 10_002)),
        ("7 duplicate", "Refused: duplicate", lambda: bench.pass_ms(101)),
        ("8 limits", "Refused: order quantity.", lambda: bench.limit("10000")),
        ("9 journal", "Refused: the journal cannot store it: disk full.", lambda: setattr(core.journal, "trouble", "")),
    ]


def test_an_entry_is_refused_by_the_first_interlock_that_stands(bench: Bench) -> None:
    obstacles = all_obstacles(bench)
    for name, said, take_away in obstacles:
        heard = bench.press(Key.Key_F1)
        assert heard.startswith(said), f"{name}: {heard}"
        assert bench.sent == 1, name
        take_away()
    bench.press(Key.Key_F1)
    assert bench.sent == 2
    bench.core.broker.session(SessionState.DOWN, "test")
    assert bench.press(Key.Key_F4).startswith("Refused: trading locked. SIM-1 is locked: session with FAKE is DOWN")
    assert bench.sent == 2


def test_an_exit_is_stopped_by_the_guard_and_by_a_venue_that_is_gone_and_by_nothing_else(bench: Bench) -> None:
    core = bench.core
    core.position(HELD, 10_000)
    before = bench.sent
    bench.show_quote(None)
    bench.arm(armed=False)
    core.prices.quote(SYMBOL, 10_000, 10_002, fresh=False)
    bench.limit("1")
    core.journal.trouble = "disk full"
    bench.rig.context.focus.move(symbol="XYZ")
    bench.rig.context.focus.move(symbol=SYMBOL)
    assert bench.press(Key.Key_F9).startswith("Refused: the focus moved")
    bench.pass_ms(300)
    core.broker.session(SessionState.DOWN, "test")
    assert bench.press(Key.Key_F9).startswith("NOT SENT: no session with the venue of account SIM-1.")
    assert bench.sent == before
    core.broker.session(SessionState.UP, "test")
    bench.press(Key.Key_F9)
    assert bench.sent == before + 1, "locked, disarmed, stale, over every limit, with a full disk: an exit goes out"
    exit_ = core.broker.of("submit")[-1].terms
    assert (exit_.order_qty, exit_.reduce_only) == (HELD, True)
    bench.press(Key.Key_F9)
    assert bench.sent == before + 1, "one exit at a time"


def test_the_class_is_the_gates_and_not_the_keys(bench: Bench) -> None:
    bench.core.position(HELD, 10_000)
    bench.arm(armed=False)
    before = bench.sent
    assert bench.press(Key.Key_F2).startswith("Refused: not armed")
    bench.press(Key.Key_F4)
    assert bench.sent == before + 1, "a sale of what is held takes risk away, by whichever key"


def test_arming_is_for_one_environment(bench: Bench) -> None:
    bench.core.record(ArmChanged(armed=True, environment="LIVE", actor="test", reason="", ts=bench.core.now))
    assert bench.press(Key.Key_F1).startswith("Refused: not armed")
    assert bench.sent == 0
    assert bench.rig.session.environment is Environment.SIM


def test_window_activation_and_hover_leave_the_trade_focus_alone(bench: Bench, qtbot: QtBot) -> None:
    moves: list[str] = []
    bench.rig.context.focus.listen(lambda: moves.append(bench.rig.context.focus.symbol))
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.mouseMove(other)
    bench.window.activateWindow()
    qtbot.mouseMove(bench.window)
    QApplication.processEvents()
    assert moves == []


# The input filter, step 1


@pytest.mark.parametrize("where", ["field", "dialog", "menu"])
def test_what_takes_risk_away_on_function_keys_and_the_kill_chord_pass_and_nothing_else(
    bench: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(bench.keys.requests, "kill", lambda _origin: said.append("kill"))
    target: QWidget
    if where == "field":
        target = QPlainTextEdit()
        bench.window.layout().addWidget(target)
        target.show()
        target.setFocus()
    elif where == "dialog":
        target = QDialog(bench.window)
        target.open()
        target.setFocus()
    else:
        target = QMenu(bench.window)
        target.addAction("one")
        target.popup(bench.window.mapToGlobal(bench.window.rect().center()))
    calls: list[str] = []
    monkeypatch.setattr(bench.rig.context.bridge, "call", lambda command, *_: calls.append(command))
    for key, held in (
        (Key.Key_F1, None), (Key.Key_F2, None), (Key.Key_F5, None), (Key.Key_Backspace, None), (Key.Key_1, None),
        (Key.Key_F9, CTRL), (Key.Key_F9, CTRL), (Key.Key_Z, CTRL), (Key.Key_Up, CTRL), (Key.Key_F12, CTRL),
    ):  # fmt: skip
        qtbot.keyClick(target, key, held or Qt.KeyboardModifier.NoModifier)
    assert calls == []
    for key in (Key.Key_F9, Key.Key_F8, Key.Key_F12):
        qtbot.keyClick(target, key)
    assert calls == ["position.flatten", "position.flatten", "risk.disarm"]
    for _ in range(2):
        qtbot.keyClick(target, Key.Key_F12, CTRL | SHIFT)
    assert said == ["kill"]
    target.close()


@pytest.mark.parametrize("key", [Key.Key_F1, Key.Key_F9, Key.Key_Backspace, Key.Key_Escape])
def test_a_key_that_repeats_itself_never_acts_and_reaches_nobody_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, key: Key
) -> None:
    got: list[int] = []
    monkeypatch.setattr(bench.window, "keyPressEvent", lambda event: got.append(event.key()))
    for _ in range(20):
        QApplication.sendEvent(
            bench.window, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", autorep=True)
        )
    assert (bench.core.broker.calls, got) == ([], [])


def test_a_refusal_by_the_guard_is_heard(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    beeps: list[bool] = []
    monkeypatch.setattr(QApplication, "beep", staticmethod(lambda: beeps.append(True)))
    bench.rig.context.focus.move(symbol="XYZ")
    bench.press(Key.Key_F9)
    assert beeps == [True]
