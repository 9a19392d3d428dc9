"""Supervised asyncio tasks: every failure is heard, restarted within bounds, and ends in a visible state.

One of the four places that catch `Exception`. A task that keeps failing is given up after RESTARTS_MAX tries.
"""

import asyncio
from collections.abc import Awaitable, Callable

RESTARTS_MAX = 5
BACKOFF_FIRST_S = 0.2
BACKOFF_MAX_S = 30.0


class TaskSupervisor:
    """Owns the background tasks of one event loop. `on_fault` hears (task name, error, given up)."""

    def __init__(self, on_fault: Callable[[str, BaseException, bool], None]) -> None:
        self._on_fault = on_fault
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        """Run `body` under `name` on the running loop; a name runs at most once at a time."""
        running = self._tasks.get(name)
        if running is None or running.done():
            self._tasks[name] = asyncio.get_running_loop().create_task(self._run(name, body), name=name)

    async def _run(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        pause_s = BACKOFF_FIRST_S
        for attempt in range(RESTARTS_MAX + 1):
            try:
                await body()
            except Exception as error:
                self._on_fault(name, error, attempt == RESTARTS_MAX)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, BACKOFF_MAX_S)
            else:
                return

    async def stop(self) -> None:
        """Cancel every task and wait until each has ended."""
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
