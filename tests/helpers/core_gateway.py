"""The real desk behind a desktop's gateway, on the test's own thread: real rules without an engine."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from tests.helpers.core_rig import CoreRig
from workstation.commands import positions, trading
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import failed
from workstation.commands.params import PlaceOrder
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, Reply
from workstation.domain.accounts import Environment
from workstation.domain.errors import UserError
from workstation.domain.orders import Origin


class CoreGateway:
    """Runs trading commands on the core at once; what it has no command for is answered with a refusal.

    late: answers wait until `answer` lets them go, in their order, and `taken` holds the orders that were accepted.
    orders: what was asked for, with who asked.
    """

    def __init__(self, core: CoreRig, *, late: bool = False) -> None:
        nothing: Any = None
        self.orders: list[tuple[PlaceOrder, Origin]] = []
        self.taken: set[str] = set()
        self._late: deque[tuple[str, Reply, CommandResult]] | None = deque() if late else None
        self._commands = CommandRegistry()
        trading.register(self._commands)
        positions.register(self._commands)
        self._context = EngineContext(
            **dict.fromkeys(EngineContext.__struct_fields__, nothing)
            | {
                "desk": core.desk,
                "state": core.state,
                "journal": core.journal,
                "ids": core.ids,
                "clock": core.clock,
                "environment": Environment.SIM,
            }
        )

    def call(self, command_id: str, params: Any, origin: Origin, reply: Reply, attach: object = None) -> None:
        """Run a command."""
        if isinstance(params, PlaceOrder) and command_id == "order.submit":
            self.orders.append((params, origin))
        if self._late is not None:
            reply = partial(self._keep, params.cl_ord_id if isinstance(params, PlaceOrder) else "", reply)
        known = {command.id for command in self._commands.all()} - {"order.outlook", "order.preview"}
        if command_id not in known:
            reply(CommandResult(ok=False, code="NOT_FOUND", text="not here"))
            return
        call = Invocation(command_id=command_id, params=params, origin=origin, reply=reply)
        try:
            self._commands.run_of(command_id)(self._context, params, call)
        except UserError as error:
            reply(failed(error))

    def _keep(self, cl_ord_id: str, reply: Reply, result: CommandResult) -> None:
        assert self._late is not None
        self._late.append((cl_ord_id, reply, result))
        if cl_ord_id and result.ok:
            self.taken.add(cl_ord_id)

    @property
    def unanswered(self) -> list[str]:
        """The ids of orders whose answer has not gone out."""
        return [cl_ord_id for cl_ord_id, _, _ in self._late or () if cl_ord_id]

    def answer(self, most: int) -> None:
        """Let up to so many late answers go."""
        for _ in range(min(most, len(self._late or ()))):
            assert self._late is not None
            _, reply, result = self._late.popleft()
            reply(result)
