"""A cancel that overtakes orders before the engine ends what it would have ended had all been taken in their order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.core_rig import ACCOUNT, HAND, CoreRig
from workstation.commands import positions, trading
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import failed
from workstation.commands.overtaking import Overtaking
from workstation.commands.params import CancelMany, CancelOne, ExitAccount, ExitPosition, Focus, PlaceOrder
from workstation.commands.positions import ReverseFocus
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation
from workstation.domain.errors import UserError
from workstation.domain.orders import LegRole, OrderTerms, OrdStatus, OrdType, Side
from workstation.kernel.mailbox import Mailbox

Asked = tuple[str, msgspec.Struct]


class Engine:
    """The commands on a real core, behind a mailbox as before the engine; `fifo`: a box in which nothing overtakes."""

    def __init__(self, *, fifo: bool = False) -> None:
        nothing: Any = None
        self.rig = rig = CoreRig(instant=False)
        self.commands = CommandRegistry()
        trading.register(self.commands)
        positions.register(self.commands)
        parts = {"desk": rig.desk, "state": rig.state, "journal": rig.journal, "ids": rig.ids, "clock": rig.clock}
        self.context = EngineContext(**dict.fromkeys(EngineContext.__struct_fields__, nothing) | parts)
        self.answers: dict[int, CommandResult] = {}
        self._fifo, self._overtaking = fifo, Overtaking()
        self._box: Mailbox[Invocation] = Mailbox(1_000, lambda: None)

    def ask(self, *asked: Asked) -> list[CommandResult]:
        """Hand everything over while the engine is busy, then let it run; returns the answers in the order asked."""
        before = len(self.answers)
        for at, (command_id, params) in enumerate(asked, before):
            self._hand_over(at, command_id, params)
        for call in self._box.drain(1_000):
            taken = call if self._fifo else self._overtaking.take(call)
            try:
                self.commands.run(self.context, taken)
            except UserError as error:
                call.reply(failed(error))
        self.rig.commit()
        self.rig.clock.advance(1_000_000_000)
        self.rig.commit()
        return [self.answers[at] for at in range(before, before + len(asked))]

    def _hand_over(self, at: int, command_id: str, params: msgspec.Struct) -> None:
        call = Invocation(
            command_id=command_id,
            params=params,
            origin=HAND,
            reply=lambda answer: self.answers.__setitem__(at, answer),
        )
        urgent = self.commands.get(command_id).urgent and not self._fifo
        self._box.put(self._overtaking.hand_over(call), urgent=urgent)

    def states(self) -> dict[str, str | int]:
        """Return the state of every order that was asked for, by its id, and how many orders there are in each."""
        orders = self.rig.state.book.recent()
        named = {order.cl_ord_id: str(order.status) for order in orders if order.cl_ord_id.startswith("order-")}
        return named | dict(Counter(str(order.status) for order in orders))


def place(at: int, *, symbol: str = "ABC", side: Side = Side.BUY, **fields: Any) -> Asked:
    """Return an order at a price of its own, so that none is another's duplicate."""
    price = 9_900 + at
    terms = OrderTerms(symbol=symbol, account=ACCOUNT, side=side, ord_type=OrdType.LIMIT, order_qty=100, price=price)
    return "order.submit", PlaceOrder(terms=terms, cl_ord_id=f"order-{at}", allow_duplicate=True, **fields)


symbols = st.sampled_from(["ABC", "XYZ"])
placings = st.tuples(symbols, st.booleans())
cancels = st.one_of(
    st.builds(
        lambda symbol, sign, strategy: (
            "order.cancel_scope",
            CancelMany(account=ACCOUNT, symbol=symbol, side_sign=sign, strategy_id=strategy),
        ),
        st.none() | symbols,
        st.sampled_from([None, 1, -1]),
        st.sampled_from([None, "", "run"]),
    ),
    st.builds(lambda symbol: ("order.cancel_last", Focus(account=ACCOUNT, symbol=symbol)), symbols),
    st.builds(lambda symbol: ("position.flatten", ExitPosition(account=ACCOUNT, symbol=symbol)), symbols),
    st.builds(lambda at: ("order.cancel", CancelOne(cl_ord_id=f"order-{at}")), st.integers(0, 8)),
)


def sent(engine: Engine) -> list[tuple[str, int | None]]:
    """Return what reached the venue: instrument and price of each order."""
    orders = engine.rig.broker.orders.values()
    return sorted((order.terms.symbol, order.terms.price) for order in orders if order.terms is not None)


@given(st.lists(st.one_of(placings, cancels), max_size=9))
def test_what_is_handed_over_ends_as_if_nothing_had_overtaken(drawn: list[Any]) -> None:
    asked: list[Asked] = []
    for at, item in enumerate(drawn):
        if isinstance(item[1], msgspec.Struct):
            asked.append(item)
        else:
            symbol, with_stop = item
            asked.append(place(at, symbol=symbol, stop_loss_px=9_800 if with_stop else None))
    in_turn, overtaken = Engine(fifo=True), Engine()
    in_turn.ask(*asked)
    overtaken.ask(*asked)
    assert overtaken.states() == in_turn.states()
    assert sent(overtaken) == sent(in_turn)


def test_an_order_is_ended_with_the_words_of_who_overtook_it_and_the_cancel_says_so() -> None:
    engine = Engine()
    placed, cancelled = engine.ask(place(1), ("order.cancel_scope", CancelMany(account=ACCOUNT)))
    assert cancelled.text == "0 cancels asked, 1 ended before sent."
    assert (placed.ok, placed.data.status) == (True, OrdStatus.CANCELLED)
    assert placed.text == "Cancelled before it was sent: a cancel was given after it."
    assert placed.data.text == "cancelled by HOTKEY:tester before it was sent: the venue never saw it"
    assert engine.rig.broker.of("submit") == []


def test_one_that_would_be_refused_is_refused_all_the_same() -> None:
    engine = Engine()
    engine.rig.lock()
    placed, _ = engine.ask(place(1), ("order.cancel_scope", CancelMany(account=ACCOUNT)))
    assert (placed.ok, placed.code) == (False, "TRADING_LOCKED")


@pytest.mark.parametrize(
    ("entry", "scope", "ends"),
    [
        (place(1), CancelMany(symbol="XYZ"), False),
        (place(1), CancelMany(account="other"), False),
        (place(1), CancelMany(strategy_id="run"), False),
        (place(1, strategy_id="run"), CancelMany(strategy_id="run"), True),
        (place(1), CancelMany(side_sign=-1), False),
        (place(1), CancelMany(side_sign=1), True),
        (place(1, parent="P", role=LegRole.STOP_LOSS), CancelMany(), False),
        (place(1, parent="P", role=LegRole.STOP_LOSS), CancelMany(include_protective=True), True),
        (place(1, parent="P", role=LegRole.TAKE_PROFIT), CancelMany(entries_only=True), False),
        (place(1, parent="P", role=LegRole.TAKE_PROFIT), CancelMany(), True),
        (place(1), ExitAccount(account=ACCOUNT), True),
        (place(1), ExitAccount(account="other"), False),
        (place(1), CancelOne(cl_ord_id="order-2"), False),
        (place(1), CancelOne(cl_ord_id="order-1"), True),
        (("position.reverse", ReverseFocus(account=ACCOUNT, symbol="ABC")), CancelMany(symbol="ABC"), True),
        (("position.reverse", ReverseFocus(account=ACCOUNT, symbol="ABC")), CancelMany(side_sign=1), False),
        (("position.reverse", ReverseFocus(account=ACCOUNT, symbol="ABC")), Focus(account=ACCOUNT, symbol="ABC"), True),
        (("order.preview", place(1)[1]), CancelMany(), False),
    ],
)
def test_a_cancel_takes_along_what_its_scope_covers_and_nothing_else(
    entry: Asked, scope: msgspec.Struct, ends: bool
) -> None:
    overtaking = Overtaking()
    first, second = (
        overtaking.hand_over(Invocation(command_id=name, params=params, origin=HAND, reply=lambda _answer: None))
        for name, params in (entry, ("order.cancel", scope))
    )
    assert overtaking.take(second).overtaken == int(ends)
    assert bool(overtaking.take(first).withdrawn) is ends
    assert overtaking.take(second).overtaken == 0, "what has been taken waits no more"


def test_a_reversal_that_a_flatten_overtook_is_not_begun() -> None:
    engine = Engine()
    reverse = ReverseFocus(account=ACCOUNT, symbol="ABC")
    flatten = ExitPosition(account=ACCOUNT, symbol="ABC")
    reversed_, _ = engine.ask(("position.reverse", reverse), ("position.flatten", flatten))
    assert (reversed_.ok, reversed_.code) == (False, "STATE_CONFLICT")
    assert reversed_.text == "NOT SENT: cancelled by HOTKEY:tester before it was sent: the venue never saw it."
    assert engine.rig.broker.calls == []


def test_a_call_that_found_no_room_is_forgotten() -> None:
    overtaking = Overtaking()
    name, params = place(1)
    lost = overtaking.hand_over(Invocation(command_id=name, params=params, origin=HAND, reply=lambda _answer: None))
    overtaking.drop(lost)
    cancel = Invocation(command_id="order.cancel_scope", params=CancelMany(), origin=HAND, reply=lambda _answer: None)
    assert overtaking.take(overtaking.hand_over(cancel)).overtaken == 0
