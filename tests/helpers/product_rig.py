"""The product itself in a test: the real program on a home of its own, with the real desktop, keys and mouse.

Engine, database, simulated exchange and, where asked for, the REST server run as they do for a user; only the display
is missing. A test waits for facts, on frames and answers, never for time; a fact that does not come fails by its name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import sqlalchemy
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.exceptions import TimeoutError  # noqa: A004  the one that waiting raises
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import shared
from tests.helpers.venue_truth import TrueOrder, VenueTruth
from workstation.app.bootstrap import Options, Program, options_from
from workstation.app.command_line import build_parser
from workstation.app.home_secrets import HomeSecrets
from workstation.commands.params import SwitchFault
from workstation.commands.registry import CommandResult
from workstation.desktop.eventloop import Desktop
from workstation.desktop.look import theme_of
from workstation.desktop.table_view import ColumnView
from workstation.domain.orders import OrderState, Origin, OriginKind
from workstation.kernel.logs import RecentLog
from workstation.storage.backend import backend_for
from workstation.viewmodels.screen_state import ScreenState

WAIT_S = 20.0
ACCOUNT = "SIM-MARGIN"
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier
CALM = ("--set", "engine.stall_ms=60000", "--set", "sim.ticks_per_s=400")
"""A watchdog that a busy test machine does not wake, and a market that leaves the processor to the test."""

T = TypeVar("T")


def product_options(home: Path, *arguments: str) -> Options:
    """Return the options of a run as the command line would make them."""
    return options_from(build_parser().parse_args(["--home", str(home), *CALM, *arguments]))


class Product:
    """A running program with its desktop. Everything a test does goes through keys, mouse, commands or HTTP."""

    def __init__(self, qtbot: QtBot, options: Options) -> None:
        self.bot, self.options = qtbot, options
        self.failures: list[str] = []
        self.spoken: list[str] = []
        options.home.create()
        self.program = Program(options, RecentLog())
        self.desktop: Any = None
        try:
            self.program.start()
            self._open_desktop()
        except BaseException:
            self._let_go()
            raise

    def _open_desktop(self) -> None:
        options = self.options
        engine, settings = self.program.engine, options.settings.desktop
        self.desktop = Desktop(
            engine.session,
            engine,
            engine.commands,
            layouts=options.home.layouts,
            look=theme_of(settings),
            frame_hz=settings.frame_hz,
            disarm_after_s=settings.disarm_after_s,
            secrets=HomeSecrets(options.home),
        )
        self.context = self.desktop.context
        self.desktop.reporter.failed.connect(self.failures.append)
        spoken = self.spoken  # a connection that held the rig would keep both for good: no collector sees through Qt
        self.context.announcer.spoken.connect(lambda _level, text, _id: spoken.append(text))
        self.desktop.start(beat=_nothing, settled=_nothing, worst_stall_ms=lambda: 0.0)
        self.window = self.desktop.workspace.window
        self.window.activateWindow()
        self.window.setFocus()

    def stop(self) -> None:
        """End desktop and program; an error that escaped from a slot fails the test."""
        try:
            self.desktop.stop()
        finally:
            self._let_go()
        assert not self.failures, self.failures

    def _let_go(self) -> None:
        """End the program, whatever failed: a thread of the engine that outlives its test ends the run at its exit."""
        if self.desktop is not None:
            for part in (self.desktop.workspace.window, self.desktop.workspace, *shared(self.desktop.context)):
                part.deleteLater()  # what is connected to them is held as long as they are
        self.program.stop()

    # What is so

    @property
    def state(self) -> ScreenState:
        """Everything that the desktop's frames have told so far."""
        return self.desktop.bridge.state

    def wait(self, fact: Callable[[], T], what: str) -> T:
        """Return the first truthy value of `fact`, running the desktop meanwhile."""
        found: list[T] = []

        def holds() -> bool:
            value = fact()
            if value:
                found.append(value)
            return bool(value)

        try:
            self.bot.waitUntil(holds, timeout=int(WAIT_S * 1e3))
        except TimeoutError:
            raise AssertionError(f"never: {what}; last words: {self.spoken[-5:]}") from None
        return found[-1]

    def wait_for_order(self, fact: Callable[[OrderState], bool], what: str) -> OrderState:
        """Return the newest order on the screen that a fact holds for."""
        return self.wait(lambda: next((o for o in reversed(self.state.orders.values()) if fact(o)), None), what)

    def wait_for_words(self, *parts: str) -> str:
        """Return the newest sentence shown that holds every part."""
        return self.wait(lambda: next((t for t in reversed(self.spoken) if all(p in t for p in parts)), ""), str(parts))

    def stored(self, order: OrderState) -> OrderState:
        """Return an order from the database, once the version that the screen shows is there."""
        reader = self.program.store.reader

        def durable() -> OrderState | None:
            row = reader.order_by_client_id(order.cl_ord_id)
            return row if row is not None and row.version >= order.version else None

        return self.wait(durable, f"version {order.version} of {order.cl_ord_id} in the database")

    def at_venue(self) -> list[TrueOrder]:
        """Return every order that the simulated exchange itself ever took, oldest first."""
        venue: Any = self.program.venue
        return self.on_engine(lambda: list(VenueTruth.of_exchange(venue._venue.exchange).orders.values()))

    def position(self, symbol: str) -> int:
        """Return the position that the screen shows, signed, + long."""
        snap = self.state.position(ACCOUNT, symbol)
        return 0 if snap is None else snap.position.qty

    def quoting(self, symbol: str) -> None:
        """Wait for a fresh two-sided quote on the screen."""

        def fresh() -> bool:
            quote = self.state.quotes.get(symbol)
            return quote is not None and quote.freshness == "FRESH" and None not in (quote.bid, quote.ask)

        self.wait(fresh, f"a fresh quote of {symbol}")

    def let_pass(self, span_ns: int) -> None:
        """Wait until the program's own clock has moved on; only for rules that are about time."""
        mono_ns = self.context.bridge.session.mono_ns
        end = mono_ns() + span_ns
        self.wait(lambda: mono_ns() > end, f"{span_ns} ns of the program's clock")

    def rows(self, panel_id: str) -> list[str]:
        """Return the rows of a panel's table as shown, cells joined by a bar."""
        model = self.table(panel_id).model()
        names = range(model.columnCount())
        return [
            " | ".join(str(model.index(row, column).data() or "") for column in names)
            for row in range(model.rowCount())
        ]

    def table(self, panel_id: str) -> ColumnView:
        """Return a panel's table; a panel behind another tab has one too."""
        return self.find(ColumnView, f"{panel_id}_table")

    def find(self, kind: type[T], name: str) -> T:
        """Return a widget by its object name, in the window or in a panel that stands behind another tab."""
        places = (self.window, *self.window.panels.values())
        found = next((child for place in places if (child := place.findChild(kind, name)) is not None), None)
        assert isinstance(found, kind), f"no {kind.__name__} {name}"
        return found

    def sql(self, text: str, **values: Any) -> Sequence[Any]:
        """Return the rows of a plain query on the database, through a connection of its own."""
        return plain_sql(self.options, text, **values)

    # What is done

    def focus(self, symbol: str) -> None:
        """Move the trade focus and let its guard pass."""
        self.context.focus.move(symbol=symbol)
        self.wait(lambda: not self.context.focus.guarded, "the guard to pass")
        self.quoting(symbol)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        """Press and release a key on what has the keyboard."""
        self.bot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def arm(self) -> None:
        """Arm by key."""
        self.press(Qt.Key.Key_F12, CTRL)
        self.wait(lambda: self.state.status is not None and self.state.status.armed, "armed")

    def click(self, widget: QWidget, at: QPoint | None = None, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        """Click a widget with the left button, in its middle unless a point is given."""
        self.bot.mouseClick(widget, Qt.MouseButton.LeftButton, modifiers, at or widget.rect().center())

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel to the front of its tabs."""
        self.window.show_panel(panel_id)

    def command(self, command_id: str, params: msgspec.Struct, kind: OriginKind = OriginKind.TICKET) -> CommandResult:
        """Run an engine command and return its answer."""
        answers: list[CommandResult] = []
        self.context.call(command_id, params, self.context.origin(kind, "test"), answers.append)
        return self.wait(lambda: answers, f"an answer to {command_id}")[0]

    def fault(self, kind: str, **arguments: Any) -> None:
        """Arm a fault of the simulated exchange, as a person or a script would."""
        texts = {name: str(value) for name, value in arguments.items()}
        answer = self.command("venue.fault", SwitchFault(kind=kind, arguments=texts))
        assert answer.ok, answer.text

    def on_engine(self, call: Callable[[], T]) -> T:
        """Return what a call on the engine's thread answers."""
        return self.program._loop.ask(call, WAIT_S)

    @contextmanager
    def http(self) -> Iterator[httpx.Client]:
        """Speak to the REST interface with the token of the home folder."""
        token = msgspec.json.decode(self.options.home.token_file.read_bytes())["token"]
        headers = {"Authorization": f"Bearer {token}"}
        base = f"{self.program.engine.api_url}"
        with httpx.Client(base_url=base, headers=headers, timeout=WAIT_S, trust_env=False) as client:
            yield client


def _without_the_usual_port(arguments: Sequence[str]) -> Sequence[str]:
    """Close the REST interface where a test names no port: two programs cannot both have the usual one."""
    return arguments if {"--no-api", "--api-port"}.intersection(arguments) else (*arguments, "--no-api")


@contextmanager
def running(qtbot: QtBot, home: Path, *arguments: str) -> Iterator[Product]:
    """Run the product for the length of a block."""
    product = Product(qtbot, product_options(home, *_without_the_usual_port(arguments)))
    try:
        yield product
    finally:
        product.stop()


@contextmanager
def running_headless(home: Path, *arguments: str) -> Iterator[Program]:
    """Run the product without a desktop for the length of a block."""
    options = product_options(home, *_without_the_usual_port(arguments))
    options.home.create()
    program = Program(options, RecentLog())
    program.start()
    try:
        yield program
    finally:
        program.stop()


def ask(program: Program, command_id: str, params: msgspec.Struct, kind: OriginKind = OriginKind.REST) -> CommandResult:
    """Run an engine command of a program without a desktop and return its answer."""
    answered = threading.Event()
    answers: list[CommandResult] = []

    def reply(result: CommandResult) -> None:
        answers.append(result)
        answered.set()

    program.engine.call(command_id, params, Origin(kind=kind, detail="test", user="local"), reply)
    assert answered.wait(WAIT_S), f"no answer to {command_id}"
    return answers[0]


def plain_sql(options: Options, text: str, **values: Any) -> Sequence[Any]:
    """Return the rows of a plain query on a run's database, through the library that the run itself opened it with.

    A second SQLite library in one process would drop the first one's locks on the file as it closes.
    """
    engine = backend_for(options.database, options.home.root).reading_engine()
    try:
        with engine.connect() as connection:
            return connection.execute(sqlalchemy.text(text), values).fetchall()
    finally:
        engine.dispose()


def named(window: QObject, kind: type[T], name: str) -> T | None:
    """Return a child by object name, None where there is none."""
    return window.findChild(kind, name)


def _nothing() -> None:
    return None
