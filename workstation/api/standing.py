"""A task that stands as long as the service does: when it fails, that is logged, and after a pause it begins again.

For what nobody waits for and everybody relies on: webhooks, callbacks, the market's feed. Lives on the API's loop.
"""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from workstation.kernel.logs import get_logger

PAUSE_S, PAUSE_S_MAX = 0.2, 60.0
"""Pause before the task begins again, doubled by each failure, and its bound."""

RAN_WELL_S = 120.0
"""How long it must have run for the next pause to be the first one again."""

_log = get_logger("api")


class StandingTask:
    """One task by its name. body: makes what runs, which may also end by itself.

    is_on: whether it runs, or is about to again.
    """

    def __init__(self, name: str, body: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._name, self._body = name, body
        self._task: asyncio.Task[None] | None = None
        self._again: asyncio.TimerHandle | None = None
        self._pause_s, self._began = PAUSE_S, 0.0
        self.is_on = False

    def start(self) -> None:
        """Begin; does nothing while it is on."""
        if not self.is_on or (self._task is not None and _has_ended(self._task)):
            self.is_on = True
            self._begin()

    async def stop(self) -> None:
        """End it and wait until it has."""
        self.is_on = False
        if self._again is not None:
            self._again.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self) -> None:
        self._began = monotonic()
        self._task = asyncio.get_running_loop().create_task(self._body(), name=self._name)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            self.is_on = self.is_on and task is not self._task
            return
        if monotonic() - self._began > RAN_WELL_S:
            self._pause_s = PAUSE_S
        _log.error("task_failed", task=self._name, error=repr(error), again_s=self._pause_s)
        if not self.is_on:
            return
        self._again = asyncio.get_running_loop().call_later(self._pause_s, self._begin)
        self._pause_s = min(self._pause_s * 2, PAUSE_S_MAX)


def _has_ended(task: asyncio.Task[None]) -> bool:
    """Tell whether a task has ended by itself, whether or not that was heard of already."""
    return task.done() and (task.cancelled() or task.exception() is None)
