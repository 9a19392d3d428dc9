"""Sub-commands that talk to the running program: order, orders, positions, tail.

Results go to standard output as aligned columns or JSON, errors as one readable line to standard error. Exit code: 0
done, 1 refused or not known, 2 called wrongly.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec
from msgspec import UNSET

from workstation.app.order_words import order_fields, read_order
from workstation.client import Client, ClientError, Invalid, NotRunning, OutcomeUnknown, Problem, Reset
from workstation.client.executions import Position
from workstation.client.orders import Order, OrderPreview
from workstation.client.values import Event
from workstation.config.paths import find_home
from workstation.domain.errors import UserError
from workstation.viewmodels.order_line_words import All

FAILED = 1
SETTLE_S, SETTLE_PAUSE_S = 2.0, 0.05
"""How long the venue's first word about a new order is waited for, and how often it is asked for."""

PAGE_MAX = 500
UNSETTLED = frozenset({"NEW", "PENDING_SUBMIT"})
REFUSED = frozenset({"REJECTED", "RISK_REJECTED", "COMPLIANCE_REJECTED", "INSUFFICIENT_FUNDS"})

ORDER_HEADS = (
    "TIME",
    "STATE",
    "SIDE",
    "QTY",
    "SYMBOL",
    "TYPE",
    "PRICE",
    "STOP",
    "TIF",
    "FILLED",
    "AVERAGE",
    "ACCOUNT",
    "ID",
)
POSITION_HEADS = ("SYMBOL", "QTY", "AVERAGE", "MARK", "VALUE", "OPEN P&L", "REALISED", "ACCOUNT")
NUMERIC = frozenset(
    {
        "QTY", "PRICE", "STOP", "FILLED", "AVERAGE", "MARK", "VALUE", "OPEN P&L", "REALISED",
        "P&L", "TRADES", "CONFIDENCE", "AT", "RETURN", "SHARPE", "DRAWDOWN %", "WON %",
    }
)  # fmt: skip


def order(arguments: argparse.Namespace, client: Client) -> int:
    """Place an order, or say what would become of it."""
    said = read_order(arguments.words)
    account = account_id(client, said.account or arguments.account)
    held = _held(client, account, said.symbol) if isinstance(said.qty, All) else None
    fields = order_fields(said, held) | {"broker_account_id": account}
    if arguments.preview:
        return _show_preview(client.orders.preview(**fields), as_json=arguments.json)
    placed = _settled(client, client.orders.place(**fields))
    if arguments.json:
        print(_json(placed))
    else:
        show_rows([placed], ORDER_HEADS, lambda row: _order_cells(client, row), as_json=False)
    if placed.state in REFUSED:
        say(f"{placed.reject_code}: {placed.reject_reason}")
        return FAILED
    return 0


def orders(arguments: argparse.Namespace, client: Client) -> int:
    """List orders, newest first."""
    found = client.orders.list(
        is_open=UNSET if arguments.all else True,
        instrument_symbol=arguments.symbol or UNSET,
        broker_account_id=chosen_account(client, arguments.account),
        limit=min(arguments.limit, PAGE_MAX),
        with_count=False,
    )
    rows = islice(found, arguments.limit)
    shown = show_rows(rows, ORDER_HEADS, lambda row: _order_cells(client, row), as_json=arguments.json)
    if not (shown or arguments.all):
        say("no open orders; --all lists those that are done as well")
    return 0


def positions(arguments: argparse.Namespace, client: Client) -> int:
    """List positions by symbol."""
    found = client.positions.list(
        has_position=UNSET if arguments.all else True,
        instrument_symbol=arguments.symbol or UNSET,
        broker_account_id=chosen_account(client, arguments.account),
        limit=min(arguments.limit, PAGE_MAX),
        with_count=False,
    )
    rows = islice(found, arguments.limit)
    shown = show_rows(rows, POSITION_HEADS, lambda row: _position_cells(client, row), as_json=arguments.json)
    if not (shown or arguments.all):
        say("no positions; --all lists those that are flat as well")
    return 0


def tail(arguments: argparse.Namespace, client: Client) -> int:
    """Follow events until the one asked for, or until interrupted."""
    stream = client.events.follow(
        types=tuple(arguments.types) or UNSET,
        instrument_symbol=arguments.symbol or UNSET,
        since_id=arguments.since or UNSET,
        until_id=arguments.until or UNSET,
    )
    try:
        for item in stream:
            print(_json(item) if arguments.json else _event_line(item), flush=True)
    except KeyboardInterrupt:
        return 0
    except Invalid as error:
        raise UserError(error.detail) from None
    return 0


def with_client(command: Callable[[argparse.Namespace, Client], int]) -> Callable[[argparse.Namespace], int]:
    """Return the command with the running program found for it, its errors put in one line."""

    def run(arguments: argparse.Namespace) -> int:
        if getattr(arguments, "limit", 1) < 1:
            raise UserError("--limit: at least 1")
        try:
            with Client(find_home(arguments.home).root) as client:
                return command(arguments, client)
        except NotRunning as error:
            say(f"{error}: start one, or name its --home")
        except OutcomeUnknown as error:
            say(f"whether this was done is not known: {error}; look it up with `workstation orders --all`")
        except Problem as error:
            say(f"{error} [trace {error.trace_id}]")
        except ClientError as error:
            say(str(error))
        return FAILED

    return run


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    command.__name__: with_client(command) for command in (order, orders, positions, tail)
}


def say(text: str) -> None:
    """Say a line on standard error."""
    print(f"workstation: {text}", file=sys.stderr)


def account_id(client: Client, name: str | None) -> str:
    """Return the id of an account by its name, the first one for none.

    Raises:
        UserError: there is none of that name.
    """
    try:
        return client.account_id(name)
    except LookupError as error:
        raise UserError(str(error)) from None


def chosen_account(client: Client, name: str | None) -> Any:
    """Return the id of an account that was named, UNSET for none."""
    return UNSET if name is None else account_id(client, name)


def _held(client: Client, account: str, symbol: str) -> Decimal | None:
    found = client.positions.list(instrument_symbol=symbol, broker_account_id=account)
    return next((row.quantity for row in found), None)


def _settled(client: Client, placed: Order) -> Order:
    """Return an order once the venue has said its first word, or after SETTLE_S as it stands."""
    end = time.monotonic() + SETTLE_S
    while placed.state in UNSETTLED and time.monotonic() < end:
        time.sleep(SETTLE_PAUSE_S)
        placed = client.orders.get(placed.id)
    return placed


def _show_preview(preview: OrderPreview, *, as_json: bool) -> int:
    if as_json:
        print(_json(preview))
    else:
        print(
            f"{'would pass' if preview.valid else 'would be refused'}; value {number_text(preview.estimated_value)}, ",
            end="",
        )
        print(f"commission {number_text(preview.estimated_commission)}")
        objections = [limit.message or limit.limit_type for limit in preview.risk.limits if not limit.passed]
        objections += [rule.message for rule in preview.compliance.rules]
        for line in (*objections, *(warning.message for warning in preview.warnings)):
            print(f"  {line}")
    return 0 if preview.valid else FAILED


def show_rows(
    rows: Iterable[Any], heads: Sequence[str], cells: Callable[[Any], Sequence[str]], *, as_json: bool
) -> int:
    """Print rows as a JSON list, or as columns as wide as their widest cell, numbers to the right; returns how many."""
    found = list(rows)
    if as_json:
        print(_json(found))
        return len(found)
    lines = [heads, *(cells(row) for row in found)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (
            cell.rjust(width) if head in NUMERIC else cell.ljust(width)
            for head, cell, width in zip(heads, line, widths, strict=True)
        )
        print("  ".join(padded).rstrip())
    return len(found)


def _order_cells(client: Client, row: Order) -> tuple[str, ...]:
    return (
        f"{row.created_at:%H:%M:%S}",
        row.state + ("?" if row.needs_reconcile else ""),
        row.side,
        number_text(row.quantity),
        row.instrument_symbol,
        row.order_type,
        number_text(row.price),
        number_text(row.stop_price),
        row.time_in_force,
        number_text(row.filled_quantity),
        number_text(row.average_price),
        account_name(client, row.broker_account_id),
        row.id,
    )


def _position_cells(client: Client, row: Position) -> tuple[str, ...]:
    figures = (row.quantity, row.average_cost, row.market_price, row.market_value, row.unrealized_pnl, row.realized_pnl)
    return (row.instrument_symbol, *map(number_text, figures), account_name(client, row.broker_account_id))


def _event_line(item: Event | Reset) -> str:
    if isinstance(item, Reset):
        return f"-- events may be missing here: {item.reason}"
    return f"{item.time:%H:%M:%S.%f}  {item.id:>12}  {item.type:<28}  {_about(item.data)}".rstrip()


def _about(data: dict[str, Any]) -> str:
    """Return what a reader looks for in an event: which order or instrument, how much, at what price."""
    names = ("instrument_symbol", "side", "quantity", "price", "state", "scope", "reason")
    return " ".join(str(data[name]) for name in names if data.get(name) is not None)


def account_name(client: Client, account: str) -> str:
    """Return the name of an account by its id."""
    return next((known.account for known in client.accounts if known.id == account), account)


def number_text(value: Decimal | None) -> str:
    """Return a number in plain digits, a dash for none."""
    return "-" if value is None else format(value, "f")


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
