"""Cancel scopes of the orders panel: what each would cancel, how many protective stops it keeps, and the command.

A door of the order walk. Cancels work disarmed; protective stops stay unless a scope names them.
"""

from collections.abc import Iterator

import msgspec

from workstation.commands.params import CancelMany
from workstation.viewmodels.focus import TradeFocus
from workstation.viewmodels.orders_table import CancelCount, OrderBlotter


class CancelChoice(msgspec.Struct, frozen=True):
    """One entry of the menu. name: stable, for tests and scripts; text: with its count."""

    name: str
    text: str
    count: CancelCount
    scope: CancelMany


def cancel_choices(blotter: OrderBlotter, focus: TradeFocus, strategies: set[str]) -> Iterator[CancelChoice]:
    """Yield the scopes around the trade focus, and one for each strategy whose orders are selected."""
    account, symbol = focus.account, focus.symbol
    scopes = [
        ("instrument", f"Cancel {symbol}", CancelMany(account=account, symbol=symbol)),
        ("bids", f"Cancel {symbol} bids", CancelMany(account=account, symbol=symbol, side_sign=1)),
        ("asks", f"Cancel {symbol} asks", CancelMany(account=account, symbol=symbol, side_sign=-1)),
        *((f"strategy_{name}", f"Cancel strategy {name}", CancelMany(strategy_id=name)) for name in sorted(strategies)),
        ("all", f"Cancel all in {account}", CancelMany(account=account)),
        ("stops", "Cancel all, protective stops too", CancelMany(account=account, include_protective=True)),
    ]
    for name, text, scope in scopes:
        orders = blotter.in_scope(scope.account, scope.symbol, scope.strategy_id)
        count = blotter.cancel_count(orders, include_protective=scope.include_protective, side_sign=scope.side_sign)
        yield CancelChoice(name, f"{text} ({count.label})", count, scope)
