"""Cancel scopes of the orders panel: what each would cancel, how many protective stops it keeps, and the command.

A door of the order walk. Cancels work disarmed; protective stops stay unless a scope names them.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from workstation.commands.params import CancelMany
from workstation.desktop.spelt import spelt
from workstation.domain.orders import LegRole, OrderState, OriginKind
from workstation.viewmodels.focus import TradeFocus
from workstation.viewmodels.orders_table import CancelCount, OrderBlotter

_EXIT_LEGS = frozenset({LegRole.TAKE_PROFIT, LegRole.STOP_LOSS})
Held = Callable[[str, str], int]
"""Returns the signed quantity held in an account and instrument."""


class CancelChoice(msgspec.Struct, frozen=True):
    """One entry of the menu. name: stable, for tests and scripts; text: with its count, as a menu shows it.

    scope: the one command that does it, None where each order of the count is cancelled by itself.
    """

    name: str
    text: str
    count: CancelCount
    scope: CancelMany | None


def cancel_choices(
    blotter: OrderBlotter, focus: TradeFocus, selected: Iterable[OrderState], held: Held
) -> Iterator[CancelChoice]:
    """Yield the scopes around the trade focus, and one for each strategy and script token of the selected orders."""
    account, symbol, rows = focus.account, focus.symbol, list(selected)
    strategies = sorted({order.strategy_id for order in rows if order.strategy_id})
    scopes = [
        ("instrument", f"Cancel {symbol}", CancelMany(account=account, symbol=symbol)),
        ("bids", f"Cancel {symbol} bids", CancelMany(account=account, symbol=symbol, side_sign=1)),
        ("asks", f"Cancel {symbol} asks", CancelMany(account=account, symbol=symbol, side_sign=-1)),
        ("entries", f"Cancel {symbol} entries only", CancelMany(account=account, symbol=symbol, entries_only=True)),
        *(
            (f"strategy_{name}", f"Cancel strategy {blotter.names.get(name, name)}", CancelMany(strategy_id=name))
            for name in strategies
        ),
        ("all", f"Cancel all in {account}", CancelMany(account=account)),
        ("everywhere", "Cancel all in every account", CancelMany()),
        (
            "stops",
            f"Cancel all in {account}, stops too",
            CancelMany(account=account, include_protective=True),
        ),
    ]
    for name, text, scope in scopes:
        orders = blotter.in_scope(scope.account, scope.symbol, scope.strategy_id)
        if scope.entries_only:
            orders = [order for order in orders if _is_entry(order, held)]
        count = blotter.cancel_count(orders, include_protective=scope.include_protective, side_sign=scope.side_sign)
        yield CancelChoice(name, spelt(f"{text} ({count.label})"), count, scope)
    for token in sorted({_token(order) for order in rows} - {""}):
        count = blotter.cancel_count([order for order in blotter.in_scope() if _token(order) == token])
        named = blotter.names.get(token)
        words = f"script {named}" if named else f"script token …{token[-6:]}"
        yield CancelChoice(f"token_{token}", spelt(f"Cancel {words} ({count.label})"), count, None)


def _is_entry(order: OrderState, held: Held) -> bool:
    """Tell whether the engine would count an order among the entries: no leg, not reduce-only, not against the rest."""
    terms = order.terms
    if terms.reduce_only or (order.link is not None and order.link.role in _EXIT_LEGS):
        return False
    return held(terms.account, terms.symbol) * terms.side.sign >= 0


def _token(order: OrderState) -> str:
    """Return the script token that an order came by, "" for any other door."""
    return order.origin.detail if order.origin.kind is OriginKind.REST else ""
