"""The way to the engine and back: commands through the gateway, news through one outbox of rows.

A command's answer is awaited with a time limit; an answer that comes later still reaches `on_late`, so that a retry
learns the real outcome. News wake the API's loop at most once per batch.
"""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from workstation.api.audit import running
from workstation.api.errors import ApiError
from workstation.commands.registry import Attach, CommandResult, Gateway
from workstation.domain.orders import OrderState, Origin
from workstation.domain.records import Record
from workstation.kernel.mailbox import MailboxFull
from workstation.viewmodels.session import Session

Seen = Callable[[OrderState], bool]


class Engine:
    """Calls commands from the API's loop. timeout_s: how long an answer is awaited."""

    def __init__(self, gateway: Gateway, timeout_s: float) -> None:
        self._gateway = gateway
        self._timeout_s = timeout_s
        self._unanswered = 0

    @property
    def unanswered(self) -> int:
        """How many calls wait for the engine's answer."""
        return self._unanswered

    async def call(
        self,
        command_id: str,
        params: msgspec.Struct,
        origin: Origin,
        *,
        attach: Attach | None = None,
        on_late: Callable[[CommandResult], None] | None = None,
    ) -> CommandResult:
        """Run a command and return its answer.

        Raises:
            ApiError: 503 NOT_READY when the engine is behind, 503 ENGINE_TIMEOUT when its answer is not in time.
        """
        trail = running.get()
        if trail is not None:
            attach = trail.attach(attach)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[CommandResult] = loop.create_future()

        def settle(result: CommandResult) -> None:
            if not answered.done():
                answered.set_result(result)
            elif on_late is not None:
                on_late(result)

        def reply(result: CommandResult) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(settle, result)

        try:
            self._gateway.call(command_id, params, origin, reply, attach)
        except MailboxFull:
            raise ApiError(
                "NOT_READY", "The engine is behind; nothing was done.", headers={"Retry-After": "1"}
            ) from None
        self._unanswered += 1
        try:
            return await asyncio.wait_for(answered, self._timeout_s)
        except TimeoutError:
            raise ApiError(
                "ENGINE_TIMEOUT",
                "The engine did not answer in time; the outcome is not known.",
                {"outcome": "unknown"},
                {"Retry-After": "1"},
                hint="Repeat with the same idempotency key, or look the order up by its client id.",
            ) from None
        finally:
            self._unanswered -= 1


class News:
    """Rows from the engine: wakes those who wait for an order's change, and whoever listens for any news.

    Belongs to the API's loop; `close` ends the outbox.
    """

    def __init__(self, session: Session, loop: asyncio.AbstractEventLoop) -> None:
        self._session, self._loop = session, loop
        self._waiting: dict[str, list[tuple[Seen, asyncio.Future[OrderState]]]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._learners: list[Callable[[Record], None]] = []
        self._outbox = session.open_rows(self._wake)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` on the loop whenever there is news."""
        self._listeners.append(listener)

    def listen_to_records(self, learner: Callable[[Record], None]) -> None:
        """Call `learner` on the loop with every record that is saved, by whichever door."""
        self._learners.append(learner)

    def expect(self, cl_ord_id: str, seen: Seen) -> asyncio.Future[OrderState]:
        """Return a future of the order's first row for which `seen` holds; give it to `forget` afterwards."""
        future: asyncio.Future[OrderState] = self._loop.create_future()
        self._waiting.setdefault(cl_ord_id, []).append((seen, future))
        return future

    def forget(self, cl_ord_id: str, future: "asyncio.Future[OrderState]") -> None:
        """Stop waiting."""
        future.cancel()
        left = [entry for entry in self._waiting.get(cl_ord_id, ()) if entry[1] is not future]
        if left:
            self._waiting[cl_ord_id] = left
        else:
            self._waiting.pop(cl_ord_id, None)

    def close(self) -> None:
        """End the outbox."""
        self._session.close_outbox(self._outbox)

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended with the server
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        for row in self._outbox.take().rows:
            if isinstance(row, OrderState):
                for seen, future in self._waiting.get(row.cl_ord_id, ()):
                    if not future.done() and seen(row):
                        future.set_result(row)
            elif isinstance(row, Record):
                for learner in self._learners:
                    learner(row)
        for listener in self._listeners:
            listener()
