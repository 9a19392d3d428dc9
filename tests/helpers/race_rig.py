"""A trader at real keys, a real ladder and ticket over the real desk; desk and venue answer when one seed says so.

Every step is drawn from the seed: a key, a press, a pull of an order's line, an order typed and sent, a fill, an
answer, a frozen stream, a late frame, time. After each step the rules that no order of these may break are checked.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QWidget

from tests.helpers.core_gateway import CoreGateway
from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig, instrument
from tests.helpers.desktop_rig import DesktopRig, depth, position, quote, status
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.domain.accounts import Environment
from workstation.domain.events import ArmChanged
from workstation.domain.orders import OrderState, OrdStatus, OriginKind, Side
from workstation.ports.broker import VenueOrder
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.preview import PREVIEW_KEY

HELD, RESTING = 300, ((100, 10_005), (50, 10_008))
"""What is held when trading begins, and the orders that rest above it: quantity and price."""

BID, ASK = 10_000, 10_002
SECOND = 1_000_000_000
SETTLE_ROUNDS = 40
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
EXIT_KEYS = (Qt.Key.Key_F9, Qt.Key.Key_F9, Qt.Key.Key_F8, Qt.Key.Key_Escape, Qt.Key.Key_Backspace, Qt.Key.Key_F7)
ENTRY_KEYS = (Qt.Key.Key_F1, Qt.Key.Key_F4, Qt.Key.Key_F2, Qt.Key.Key_F3)
TYPED = (50, 100, 151, 300, 400)
"""Quantities that are typed into the ticket: some are more than what is held less what is on its way out."""

NUDGES = (Qt.Key.Key_Up, Qt.Key.Key_Down)


class RaceRig:
    """One seed's trading. armed: entries are pressed too; else the gate passes only what takes risk away."""

    def __init__(self, app: QApplication, seed: int, *, armed: bool) -> None:
        self.app, self.armed, self.seed = app, armed, seed
        self.random = random.Random(seed)
        self.core = CoreRig()
        self.gateway = CoreGateway(self.core, late=True)
        self.rig = DesktopRig(instrument(), clock=self.core.clock, seed=100_000 + seed, gateway=self.gateway)
        self.presses: Counter[str] = Counter()
        self.story: list[str] = []
        self._answered = self._told = 0
        self._rows: list[OrderState] = []
        self._grabbed: tuple[str, QPoint] | None = None
        self._shown: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self.core.position(HELD, BID)
        for qty, price in RESTING:
            self.core.submit(Side.SELL, qty, price)
        if not self.armed:
            self.core.record(ArmChanged(armed=False, environment="", actor="test", reason="", ts=self.core.now))
        self.core.broker.auto = False
        self.core.broker.answering = False
        self._answered, self._told = len(self.core.broker.calls), len(self.core.broker.asks)
        self.window = QWidget()
        self.panel = LadderPanel(self.rig.context, "ladder-1")
        self.ticket = TicketPanel(self.rig.context, "ticket-1")
        row = QHBoxLayout(self.window)
        row.addWidget(self.panel, 4)
        row.addWidget(self.ticket, 3)
        self.window.resize(760, 620)
        self.window.show()
        self.window.activateWindow()
        self.panel.show_symbol(SYMBOL)
        self.ticket.show_symbol(SYMBOL)
        self.core.bus.subscribe(OrderState, self._rows.append)
        self._rows.extend(self.core.state.book.open_orders())
        self.core.clock.advance(SECOND)
        self.frame()
        self.panel.view.setFocus()
        self.keys = HotkeyFilter(self.rig.context)
        self.app.installEventFilter(self.keys)

    def close(self) -> None:
        """Put everything away."""
        self.app.removeEventFilter(self.keys)
        self.panel.release()
        self.ticket.release()
        self.rig.stop()
        self.core.desk.stop()
        self.window.deleteLater()

    # The trader

    def step(self) -> None:
        """Make one step and check every rule."""
        drawn = self.random.choices(
            (self._press_exit, self._press_entry, self._nudge, self._flatten_button, self._pull, self._venue_answers,
             self._fill, self._toggle_stream, self.frame, self._wait, self._move_market, self._click_own,
             self._type_order, self._send_order, self._desk_answers),
            (6, 3 if self.armed else 0.5, 2, 2, 5, 6, 4, 1, 6, 4, 2, 1, 3, 4, 5),
        )[0]  # fmt: skip
        drawn()
        self.check()

    def _note(self, text: str) -> None:
        self.story.append(text)

    def _press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self._note(f"press {key.name}")
        QTest.keyClick(self.panel.view, key, modifiers)

    def _press_exit(self) -> None:
        key = self.random.choice(EXIT_KEYS)
        for _ in range(self.random.choice((1, 1, 2, 5))):
            self._press(key)

    def _press_entry(self) -> None:
        self.presses["entry"] += 1
        self._press(self.random.choice(ENTRY_KEYS))

    def _nudge(self) -> None:
        self._press(self.random.choice(NUDGES), Qt.KeyboardModifier.ControlModifier)

    def _type_order(self) -> None:
        """Type an order into the ticket; the keyboard goes back to the ladder or stays in a field."""
        side = self.random.choice((Side.SELL, Side.SELL, Side.BUY))
        self.type_order(side, self.random.choice(TYPED), self.random.randint(-2, 4))
        if self.random.random() < 0.7:
            self.panel.view.setFocus()

    def type_order(self, side: Side, qty: int, away: int) -> None:
        """Choose a side and type quantity and price, so many ticks away from the first bid."""
        form = self.ticket.form
        self._note(f"type {side.value} {qty} at {away} from the bid")
        QTest.mouseClick(form.side.findChild(QAbstractButton, f"ticket-1_{side.value.lower()}"), LEFT)
        for name, text in (("qty", str(qty)), ("price", instrument().price_text(BID + away))):
            form.fields[name].setFocus()
            form.fields[name].selectAll()
            QTest.keyClicks(form.fields[name], text)

    def _send_order(self) -> None:
        """Press the ticket's Send, once or many times, by key or by button."""
        for _ in range(self.random.choice((1, 1, 2, 6))):
            self.presses["ticket"] += 1
            self._note("send")
            before, shown = len(self.gateway.orders), self.ticket.preview.text()
            if self.random.random() < 0.5:
                QTest.mouseClick(self.ticket.send, LEFT)
            else:
                QTest.keyClick(self.ticket.send, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
            self._shown += [shown] * (len(self.gateway.orders) - before)

    def _desk_answers(self) -> None:
        """Let the desk's answers reach the screen, some of them."""
        self._note("desk answers")
        self.gateway.answer(self.random.choice((1, 2, 99)))
        self.app.processEvents()

    def _flatten_button(self) -> None:
        self._note("flatten button")
        self.panel.buttons.flatten_pressed.emit()

    def _own(self) -> list[tuple[OrderState, QPoint]]:
        """Return own sells that the screen shows, with the place of their cells."""
        found = []
        for order in self.rig.context.state.working(ACCOUNT, SYMBOL):
            price = order.terms.price
            if order.terms.side.sign < 0 and price is not None and self.panel.view.ladder.map.row_of(price) is not None:
                found.append((order, self._cell(Column.OWN_ASK, price)))
        return found

    def _cell(self, column: Column, price: int) -> QPoint:
        view = self.panel.view
        rect = view.grid.row_rect(view.ladder.map.row_of(price), view.width())
        centre: QPoint = view.columns.rect(column, rect.top(), rect.height()).center()
        return centre

    def _click_own(self) -> None:
        own = self._own()
        if own and self._grabbed is None:
            self._note("click own")
            QTest.mouseClick(self.panel.view, LEFT, NONE, self.random.choice(own)[1])

    def _pull(self) -> None:
        """Grab an order's line, move it on, or let it go, wherever the order is by now."""
        view = self.panel.view
        if self._grabbed is None:
            own = self._own()
            if own:
                order, at = self.random.choice(own)
                self._grabbed = (order.cl_ord_id, at)
                self._note(f"grab {order.cl_ord_id}")
                QTest.mousePress(view, LEFT, NONE, at)
            return
        name, at = self._grabbed
        to = QPoint(at.x(), at.y() + view.grid.row_height * self.random.randint(-4, 4))
        QTest.mouseMove(view, to)
        self._grabbed = (name, to)
        if self.random.random() < 0.6:
            self._note(f"drop {name}")
            QTest.mouseRelease(view, LEFT, NONE, to)
            self._grabbed = None

    # The venue

    def _live(self) -> list[VenueOrder]:
        return [order for order in self.core.broker.orders.values() if not order.status.is_final]

    def _venue_answers(self) -> None:
        """Answer what was asked first: a question stands behind every request before it, as at a real venue."""
        broker = self.core.broker
        if self._answered < len(broker.calls):
            call = broker.calls[self._answered]
            self._answered += 1
            self._note(f"venue answers {call.kind} {call.cl_ord_id}")
            self._answer(call.kind, call.cl_ord_id, call.terms)
        elif self._told < len(broker.asks):
            self._note("venue answers a question")
            broker.answer(broker.asks[self._told])
            self._told += 1

    def _answer(self, kind: str, cl_ord_id: str, terms: Any) -> None:
        broker, found = self.core.broker, self.core.broker.orders[cl_ord_id]
        if kind == "submit":
            broker.sent(cl_ord_id)
            if self.random.random() < 0.1 and not found.cum_qty:
                broker.reject(cl_ord_id)
            elif not found.status.is_final:
                broker.accept(cl_ord_id)
        elif kind == "cancel":
            broker.refuse_cancel(cl_ord_id) if found.status.is_final else broker.cancelled(cl_ord_id)
        elif found.status.is_final or self.random.random() < 0.2:
            broker.refuse_replace(cl_ord_id)
        else:
            broker.replaced(cl_ord_id, replace(terms, order_qty=max(terms.order_qty, found.cum_qty)))

    def _fill(self) -> None:
        live = self._live()
        if live:
            order = self.random.choice(live)
            left = order.terms.order_qty - order.cum_qty
            qty = self.random.choice((left, self.random.randint(1, left)))
            self._note(f"fill {qty} of {order.cl_ord_id}")
            self.core.broker.fill(order.cl_ord_id, qty, order.terms.price or BID)

    def _toggle_stream(self) -> None:
        broker = self.core.broker
        self._note("thaw" if broker.frozen else "freeze")
        if broker.frozen:
            broker.thaw()
        else:
            broker.frozen = True

    def _move_market(self) -> None:
        away = self.random.randint(-3, 3)
        self.core.prices.quote(SYMBOL, BID + away, ASK + away)

    def _wait(self) -> None:
        wait = self.random.choice((30_000_000, 450_000_000, SECOND, 3 * SECOND))
        self._note(f"wait {wait / SECOND}")
        self.core.clock.advance(wait)

    def frame(self) -> None:
        """Let the screen catch up with what the core has said."""
        rows, self._rows[:] = list(self._rows), []
        reference = self.core.prices.reference(SYMBOL)
        held = self.core.state.ledger.qty(ACCOUNT, SYMBOL)
        armed = Environment.SIM if self.armed else None
        self.rig.feed(
            *rows,
            quotes=[quote(SYMBOL, reference.bid, reference.ask)],
            depths=[depth(SYMBOL, reference.bid or BID, reference.ask or ASK, levels=30)],
            positions=[position(held, symbol=SYMBOL, price=BID)],
            status=status(armed=armed, now_ns=self.core.now),
        )

    # The rules

    def check(self) -> None:
        """Check what must hold after every step, in the venue's own books.

        Raises:
            AssertionError: with the seed and the story up to here.
        """
        live = self._live()
        typed = [order for order, origin in self.gateway.orders if origin.kind is OriginKind.TICKET]
        by_ticket = {order.cl_ord_id for order in typed}
        exits = [order.cl_ord_id for order in live if order.terms.reduce_only and order.cl_ord_id not in by_ticket]
        self._must(len(exits) <= 1, f"two exits at the venue: {exits}")
        waiting = Counter(call.cl_ord_id for call in self.core.broker.calls[self._answered :] if call.kind == "replace")
        self._must(max(waiting.values(), default=0) <= 1, f"two changes in flight: {waiting}")
        entries = [
            order
            for order in self.core.state.book.recent()
            if order.origin.kind is OriginKind.HOTKEY and not order.terms.reduce_only
        ]
        self._must(len(entries) <= self.presses["entry"], f"{len(entries)} orders of {self.presses['entry']} presses")
        self._must(len(typed) <= self.presses["ticket"], f"{len(typed)} orders of {self.presses['ticket']} sends")
        said = [order.metadata[PREVIEW_KEY] for order in typed]
        self._must(said == self._shown, f"sent {said}, where the ticket said {self._shown}")
        sent = self.gateway.taken.union(self.gateway.unanswered)
        in_air = [name for name in by_ticket & sent if not self._is_told(name)]
        self._must(len(in_air) <= 1, f"the ticket sent before it knew of the one before: {in_air}")
        if not self.armed:
            open_sells = sum(o.terms.order_qty - o.cum_qty for o in live if o.terms.side.sign < 0)
            held = self.core.broker.positions.get((ACCOUNT, SYMBOL), 0)
            self._must(held >= 0, f"the position turned: {held}")
            self._must(open_sells <= held, f"{open_sells} on the way out of {held}")
        self._must(not self.core.faults, f"{self.core.faults}")

    def _is_told(self, cl_ord_id: str) -> bool:
        """Tell whether the screen has the venue's or the gate's word on an order, or that none is known."""
        order = self.rig.context.state.orders.get(cl_ord_id)
        waits = (OrdStatus.NEW, OrdStatus.PENDING_SUBMIT)
        return order is not None and (order.status not in waits or order.unknown is not None)

    def settle(self) -> None:
        """Let every answer come, and check that book and venue agree."""
        if self._grabbed is not None:
            QTest.mouseRelease(self.panel.view, LEFT, NONE, self._grabbed[1])
            self._grabbed = None
        if self.core.broker.frozen:
            self.core.broker.thaw()
        for _ in range(SETTLE_ROUNDS):
            self.gateway.answer(99)
            self.app.processEvents()
            while self._answered < len(self.core.broker.calls) or self._told < len(self.core.broker.asks):
                self._venue_answers()
            self.frame()
            self.core.clock.advance(SECOND)
            self.check()
        ours = self.core.state.ledger.qty(ACCOUNT, SYMBOL)
        theirs = self.core.broker.positions.get((ACCOUNT, SYMBOL), 0)
        self._must(ours == theirs, f"{ours} here, {theirs} at the venue")
        unknown = [order.cl_ord_id for order in self.core.state.book.open_orders() if order.unknown is not None]
        self._must(not unknown, f"still unknown: {unknown}")
        shown = {order.cl_ord_id for order in self.rig.context.state.working(ACCOUNT, SYMBOL)}
        known = {order.cl_ord_id for order in self._live()}
        self._must(shown == known, f"the screen shows {shown}, the venue has {known}")

    def _must(self, holds: bool, what: str) -> None:
        assert holds, f"seed {self.seed}, armed {self.armed}: {what}\n" + "\n".join(self.story)


def play(app: QApplication, seed: int, steps: int, *, armed: bool) -> None:
    """Play one seed to its end."""
    rig = RaceRig(app, seed, armed=armed)
    try:
        for _ in range(steps):
            rig.step()
        rig.settle()
    finally:
        rig.close()
