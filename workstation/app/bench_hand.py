"""A hand at a desk of its own process, whose orders are timed: from the call that a key makes until one is on its way.

Behind `workstation bench flood` and `strategies`: the process runs the whole program without a window and answers lines
on its standard input. Whoever measures is another process, and does there what the desk is to withstand.
"""

import json
import queue
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

if TYPE_CHECKING:
    from workstation.app.bootstrap import Program
    from workstation.commands.registry import CommandResult

HAND_EVERY_S = 0.04
VARIOUS = 20
"""Quantities in turn, so that no order repeats one within the window of doubles."""

SYMBOL = "SIM-FILL"
WAIT_S = 60.0
LOOK_S = 0.02


class DeskProcess:
    """The measured process. door: where it answers REST: port, token, and an account that the hand does not use."""

    def __init__(self, home: str) -> None:
        command = [sys.executable, "-m", "workstation.app.bench_hand", home]
        self._process = subprocess.Popen(  # noqa: S603  this program itself, on arguments made here
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.door: dict[str, Any] = self._said()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            if self._process.stdin is not None:
                self._process.stdin.close()

    def place(self, orders: int) -> list[float]:
        """Return ms that each of so many orders took, one after the other."""
        if self._process.stdin is None:
            raise RuntimeError("the program hears nothing")
        self._process.stdin.write(f"{orders}\n")
        self._process.stdin.flush()
        took_ms: list[float] = self._said()["took_ms"]
        return took_ms

    def _said(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise RuntimeError("the program says nothing")
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


def compared(quiet: Sequence[float], loaded: Sequence[float], name: str) -> dict[str, float]:
    """Return latencies in ms, quiet and loaded, and the ratios of the two."""
    by = {"quiet": _summary(quiet), name: _summary(loaded)}
    figures = {f"{when}_{part}_ms": value for when, summary in by.items() for part, value in summary.items()}
    return figures | {f"ratio_{part}": by[name][part] / by["quiet"][part] for part in by["quiet"]}


def _summary(took_ms: Sequence[float]) -> dict[str, float]:
    return {"p50": statistics.median(took_ms), "p95": statistics.quantiles(took_ms, n=20)[-1], "worst": max(took_ms)}


# The measured process


def _desk(home: Path) -> None:
    from workstation.app.bootstrap import Program, options_from  # noqa: PLC0415  this process measures, others do not
    from workstation.app.command_line import build_parser  # noqa: PLC0415  as above
    from workstation.domain.accounts import LockState  # noqa: PLC0415  as above
    from workstation.kernel.logs import configure_logging  # noqa: PLC0415  as above

    options = options_from(build_parser().parse_args(["--home", str(home), "--api-port", "0"]))
    options.home.create()
    program = Program(options, configure_logging(options.home.logs))
    program.start()
    locks, accounts = program.engine.core.state.controls.locks, program.engine.core.state.accounts
    token_file = options.home.token_file  # written when scripts may come, which on a busy machine is later
    while not (token_file.exists() and all(locks.state(account) is LockState.UNLOCKED for account in accounts)):
        time.sleep(LOOK_S)
    known = json.loads(token_file.read_text())
    hand = _Hand(program)
    _say({"port": known["port"], "token": known["token"], "account": hand.other_account})
    for line in sys.stdin:
        _say({"took_ms": hand.place(int(line))})
    program.stop()


class _Hand:
    """A person with a ticket: armed, and with no limit on orders a minute, which the flood's account has."""

    def __init__(self, program: "Program") -> None:
        from workstation.brokers.sim.venue import CASH_ACCOUNT, MARGIN_ACCOUNT  # noqa: PLC0415  as above
        from workstation.commands.params import Arm, PlaceOrder, SetLimit  # noqa: PLC0415  as above
        from workstation.domain.orders import OrderTerms, OrdType, Origin, OriginKind, Side  # noqa: PLC0415  as above

        self._engine = program.engine
        self._origin = Origin(OriginKind.TICKET)
        self._answers: queue.SimpleQueue[CommandResult] = queue.SimpleQueue()
        self.other_account = next(row.uid for row in self._engine.session.accounts if row.account == CASH_ACCOUNT)
        for scope, key, most in (("ACCOUNT", CASH_ACCOUNT, "60"), ("TENANT", "", "UNLIMITED")):
            limit = SetLimit(limit="ORDERS_PER_MINUTE", value=most, reason="benchmark", scope=scope, key=key)
            self._do("risk.limit", limit)
        self._do("risk.arm", Arm(environment=self._engine.session.environment))
        terms = OrderTerms(
            symbol=SYMBOL, account=MARGIN_ACCOUNT, side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=1, price=100
        )
        various = [msgspec.structs.replace(terms, order_qty=qty) for qty in range(1, VARIOUS + 1)]
        self._wishes = cycle([PlaceOrder(terms=each) for each in various])

    def place(self, orders: int) -> list[float]:
        """Return ms of each order, from the call to the answer that it is durable and on its way."""
        took_ms = []
        for _ in range(orders):
            time.sleep(HAND_EVERY_S)
            began = time.perf_counter()
            self._do("order.submit", next(self._wishes))
            took_ms.append((time.perf_counter() - began) * 1e3)
        return took_ms

    def _do(self, command_id: str, wish: msgspec.Struct) -> None:
        self._engine.call(command_id, wish, self._origin, self._answers.put)
        result = self._answers.get(timeout=WAIT_S)
        if not result.ok:
            raise RuntimeError(f"{command_id}: {result.code} {result.text}")


def _say(figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _desk(Path(sys.argv[1]))
