"""Orders on their way to the engine, and the cancels that overtake them there. The order walk's stage above the desk.

A cancel overtakes what waits before the engine, as it must; but whoever cancels means the order just given too, which
may still wait there. So an urgent command that ends orders takes along every order of its scope that was handed over
before it: such an order is recorded as cancelled when its turn comes, as if both had been taken in their order.
"""

import itertools
import threading
from collections.abc import Callable

import msgspec

from workstation.commands.params import CancelMany, CancelOne, ExitAccount, ExitPosition, Focus, PlaceOrder
from workstation.commands.positions import ReverseFocus
from workstation.commands.registry import Invocation
from workstation.domain.orders import LegRole, OrdType

_Entry = PlaceOrder | ReverseFocus
_SENDING = frozenset({"order.submit", "position.reverse"})
_Covers = Callable[[_Entry], bool]


class Overtaking:
    """Knows the orders that were handed over and not yet taken. `take` on the engine's thread, the rest on any."""

    def __init__(self) -> None:
        self._turns = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, _Entry] = {}
        self._withdrawn: dict[int, str] = {}

    def hand_over(self, call: Invocation) -> Invocation:
        """Give a call its turn, and remember it where it may send an order."""
        with self._lock:
            turn = next(self._turns)
            if call.command_id in _SENDING and isinstance(call.params, _Entry):
                self._waiting[turn] = call.params
        return msgspec.structs.replace(call, turn=turn)

    def drop(self, call: Invocation) -> None:
        """Forget a call that could not be handed over."""
        with self._lock:
            self._waiting.pop(call.turn, None)

    def take(self, call: Invocation) -> Invocation:
        """Return a call whose turn has come, with what has overtaken it, or with how many orders it has overtaken."""
        with self._lock:
            self._waiting.pop(call.turn, None)
            earlier = {turn: entry for turn, entry in self._waiting.items() if turn < call.turn}
        why = self._withdrawn.pop(call.turn, "")
        if why:
            return msgspec.structs.replace(call, withdrawn=why)
        covers = _scope_of(call.params) if earlier else None
        if covers is None:
            return call
        overtaken = [turn for turn, entry in earlier.items() if covers(entry)]
        if isinstance(call.params, Focus):
            overtaken = overtaken[-1:]  # the newest alone was meant
        why = f"cancelled by {call.origin.actor} before it was sent: the venue never saw it"
        for turn in overtaken:
            self._withdrawn.setdefault(turn, why)
        return msgspec.structs.replace(call, overtaken=len(overtaken))


def _scope_of(params: msgspec.Struct) -> _Covers | None:
    """Return what a command that ends orders covers, None for every other command."""
    match params:
        case CancelOne(cl_ord_id=wanted):
            return lambda entry: isinstance(entry, PlaceOrder) and entry.cl_ord_id == wanted != ""
        case CancelMany():
            return lambda entry: _matches(entry, params)
        case Focus(account=account, symbol=symbol):
            return lambda entry: _place_of(entry) == (account, symbol) and not _is_protective(entry)
        case ExitPosition(account=account, symbol=symbol):
            return lambda entry: _place_of(entry) == (account, symbol)
        case ExitAccount(account=account):
            return lambda entry: _place_of(entry)[0] == account
    return None


def _place_of(entry: _Entry) -> tuple[str, str]:
    place = entry.terms if isinstance(entry, PlaceOrder) else entry
    return place.account, place.symbol


def _matches(entry: _Entry, scope: CancelMany) -> bool:
    account, symbol = _place_of(entry)
    if scope.account not in (None, account) or scope.symbol not in (None, symbol):
        return False
    if isinstance(entry, ReverseFocus):
        return scope.strategy_id is None and scope.side_sign is None
    if scope.strategy_id not in (None, entry.strategy_id) or scope.side_sign not in (None, entry.terms.side.sign):
        return False
    if scope.entries_only and (entry.terms.reduce_only or entry.parent):
        return False
    return scope.include_protective or not _is_protective(entry)


def _is_protective(entry: _Entry) -> bool:
    if isinstance(entry, ReverseFocus):
        return False
    is_stop = entry.terms.ord_type not in (OrdType.MARKET, OrdType.LIMIT)
    return entry.role == LegRole.STOP_LOSS or (entry.terms.reduce_only and is_stop)
