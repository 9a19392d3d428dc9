"""`workstation strategies`: what the running program's strategies do, and a word to them. Beside `remote.py`.

A run is named by its strategy, whose newest run is meant, or by its own id.
"""

import argparse
import tomllib
from collections.abc import Callable
from itertools import islice
from typing import Any

from workstation.app.remote import account_id, account_name, number_text, say, show_rows, with_client
from workstation.client import Client
from workstation.client.errors import Problem
from workstation.client.strategy_values import Performance, RunLog, Signal, Strategy, StrategyRun
from workstation.domain.errors import UserError

PAGE_MAX = 500
ID_LENGTH = 36
STRATEGY_TYPE, REBALANCING = "CUSTOM", "NONE"

STRATEGY_HEADS = ("STRATEGY", "STATE", "CODE", "RUN", "RUN STATE", "P&L", "TRADES", "ACCOUNT", "RUN ID")
LOG_HEADS = ("TIME", "LEVEL", "TEXT")
SIGNAL_HEADS = ("TIME", "SYMBOL", "SIGNAL", "CONFIDENCE", "QTY", "AT", "REASON")
PERIOD_HEADS = ("PERIOD", "FROM", "TO", "P&L", "RETURN", "SHARPE", "DRAWDOWN %", "TRADES", "WON %")


def strategies(arguments: argparse.Namespace, client: Client) -> int:
    """Do what the action says."""
    return _ACTIONS[arguments.action](arguments, client)


def _list(arguments: argparse.Namespace, client: Client) -> int:
    newest = _newest_runs(client)
    found = client.strategies.list(limit=PAGE_MAX, with_count=False)
    rows = list(islice(found, arguments.limit))
    if arguments.json:
        show_rows([{"strategy": row, "run": newest.get(row.id)} for row in rows], (), lambda _row: (), as_json=True)
        return 0
    if not show_rows(rows, STRATEGY_HEADS, lambda row: _strategy_cells(client, row, newest.get(row.id)), as_json=False):
        say("no strategies yet; `workstation strategies start module:Class` makes one")
    return 0


def _start(arguments: argparse.Namespace, client: Client) -> int:
    account, parameters = account_id(client, arguments.account), dict(map(_parameter, arguments.param))
    known = _named(client, arguments.name)
    if known is not None and arguments.isolated and not known.config.get("isolated"):
        text = f"{arguments.name} is there and not isolated; set isolated in its config, or archive it first"
        raise UserError(text)
    strategy = known or _made(client, arguments)
    try:
        run = client.strategy_runs.start(
            strategy_id=strategy.id,
            broker_account_id=account,
            initial_capital=arguments.capital,
            start_date=f"{strategy.updated_at:%Y-%m-%d}",
            parameters=parameters,
        )
    except Problem:
        if known is None:
            client.strategies.archive(strategy_id=strategy.id)  # made for this start alone
        raise
    return _show_run(client, run, as_json=arguments.json)


def _verb(name: str) -> Callable[[argparse.Namespace, Client], int]:
    def act(arguments: argparse.Namespace, client: Client) -> int:
        run = _run(client, arguments.name)
        told: StrategyRun = getattr(client.strategy_runs, name)(run_id=run.id)
        return _show_run(client, told, as_json=arguments.json)

    return act


def _logs(arguments: argparse.Namespace, client: Client) -> int:
    found = client.strategy_runs.logs(run_id=_run(client, arguments.name).id, limit=min(arguments.limit, PAGE_MAX))
    rows = list(islice(found, arguments.limit))[::-1]
    show_rows(rows, LOG_HEADS, _log_cells, as_json=arguments.json)
    return 0


def _signals(arguments: argparse.Namespace, client: Client) -> int:
    found = client.strategy_runs.signals(run_id=_run(client, arguments.name).id, limit=min(arguments.limit, PAGE_MAX))
    rows = list(islice(found, arguments.limit))[::-1]
    show_rows(rows, SIGNAL_HEADS, _signal_cells, as_json=arguments.json)
    return 0


def _performance(arguments: argparse.Namespace, client: Client) -> int:
    found = client.strategy_runs.performance(run_id=_run(client, arguments.name).id)
    show_rows(islice(found, arguments.limit), PERIOD_HEADS, _period_cells, as_json=arguments.json)
    return 0


_ACTIONS: dict[str, Callable[[argparse.Namespace, Client], int]] = {
    "list": _list,
    "start": _start,
    "stop": _verb("stop"),
    "pause": _verb("pause"),
    "resume": _verb("resume"),
    "logs": _logs,
    "signals": _signals,
    "performance": _performance,
}

COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {"strategies": with_client(strategies)}


def _named(client: Client, name: str) -> Strategy | None:
    found = client.strategies.list(name=name, limit=PAGE_MAX, with_count=False)
    return next((row for row in found if row.name == name), None)


def _made(client: Client, arguments: argparse.Namespace) -> Strategy:
    """Define a strategy that bears the name of its code.

    Raises:
        UserError: the name is neither a strategy's nor that of code.
    """
    if ":" not in arguments.name:
        raise UserError(f"there is no strategy {arguments.name}; module:Class makes one of that code")
    symbols = [value for name, value in map(_parameter, arguments.param) if name == "symbol"]
    return client.strategies.create(
        name=arguments.name,
        strategy_type=STRATEGY_TYPE,
        instruments=tuple(symbols),
        rebalance_frequency=REBALANCING,
        config={"entry_point": arguments.name} | ({"isolated": True} if arguments.isolated else {}),
    )


def _newest_runs(client: Client) -> dict[str, StrategyRun]:
    newest: dict[str, StrategyRun] = {}
    for run in client.strategy_runs.list(limit=PAGE_MAX, with_count=False):  # newest first
        newest.setdefault(run.strategy_definition_id, run)
    return newest


def _run(client: Client, name: str) -> StrategyRun:
    """Return the run of that id, or the newest run of the strategy of that name.

    Raises:
        UserError: there is none.
    """
    strategy = _named(client, name)
    if strategy is None:
        if len(name) != ID_LENGTH:
            raise UserError(f"there is no strategy {name}; `workstation strategies list` shows what there is")
        return client.strategy_runs.get(run_id=name)
    run = next(iter(client.strategy_runs.of_strategy(strategy_id=strategy.id, limit=1, with_count=False)), None)
    if run is None:
        raise UserError(f"{name} has not run yet")
    return run


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--param: {text!r} has no value; write NAME=VALUE")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value


def _show_run(client: Client, run: StrategyRun, *, as_json: bool) -> int:
    heads = ("RUN", "STATE", "P&L", "TRADES", "ACCOUNT", "RUN ID", "WHY")
    show_rows([run], heads, lambda row: _run_cells(client, row), as_json=as_json)
    return 0


def _run_cells(client: Client, run: StrategyRun) -> tuple[str, ...]:
    figures = (number_text(run.total_pnl), str(run.total_trades))
    account = account_name(client, run.broker_account_id)
    return (run.run_name, run.status, *figures, account, run.id, run.error_message or "")


def _strategy_cells(client: Client, row: Strategy, run: StrategyRun | None) -> tuple[str, ...]:
    code = str(row.config.get("entry_point", "-"))
    if run is None:
        return (row.name, row.status, code, *["-"] * 6)
    name, status, pnl, trades, account, run_id, _ = _run_cells(client, run)
    return (row.name, row.status, code, name, status, pnl, trades, account, run_id)


def _log_cells(row: RunLog) -> tuple[str, ...]:
    return (f"{row.created_at:%H:%M:%S}", row.level, row.message)


def _signal_cells(row: Signal) -> tuple[str, ...]:
    figures = (number_text(row.confidence), number_text(row.quantity), number_text(row.execution_price))
    return (f"{row.signal_time:%H:%M:%S}", row.instrument_symbol, row.signal_type, *figures, row.signal_reason or "")


def _period_cells(row: Performance) -> tuple[str, ...]:
    figures = (row.period_pnl, row.period_return, row.sharpe_ratio, row.max_drawdown)
    counts = (str(row.total_trades), number_text(row.win_rate))
    return (row.period_type, row.period_start, row.period_end, *map(number_text, figures), *counts)
