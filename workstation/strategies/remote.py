"""A host whose strategy runs in a process of its own: the same news in, the same intents out, by a pipe.

Stands where `host.py` stands, on the run's own thread. Nothing that comes down the pipe is trusted: what is no message,
or names another account or another run's order, ends the run. A process that is gone ends the run with what it left.
"""

from collections.abc import Callable
from typing import Protocol

from workstation.strategies import messages as m
from workstation.strategies.wire import Begin, Handled, Message, WireError, decoded, encoded


class ProcessLost(Exception):
    """The process is gone; the text says how it ended."""


class Process(Protocol):
    """A process with a pipe each way."""

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            ProcessLost: there is nobody to read.
        """

    def read(self) -> bytes:
        """Return the next frame's body, waiting for it in slices.

        Raises:
            ProcessLost: the process has ended.
            WireError: what comes is no frame.
        """

    def ask_where(self) -> None:
        """Have it write to its standard error where it stands; any thread."""

    def last_words(self) -> str:
        """Return what it wrote to its standard error, the end of it."""

    def memory(self) -> tuple[int, int] | None:
        """Return the bytes that it uses and maps, None once it is gone; any thread."""

    def kill(self) -> None:
        """End it at once, without waiting; any thread."""

    def close(self) -> None:
        """End it, wait for that and let go of all that it had; the thread that reads."""


class RemoteHost:
    """Hands news to a process and its intents to `send`."""

    def __init__(self, begin: Begin, process: Process, send: Callable[[m.Intent], None]) -> None:
        self.over, self.orders_made, self._interrupts = False, 0, 0
        self._begin, self._process, self._send = begin, process, send
        self._guarded(self._listen)  # it is up; nothing of the strategy has run yet

    def open(self) -> None:
        """Hand the strategy over, whose module runs now."""
        if not self.over:
            self._exchange(self._begin)

    def deliver(self, news: m.News) -> None:
        """Hand one piece of news over and wait until its callback has returned.

        Emits: intents, `Faulted` among them when the callback raises or the process ends.
        """
        if not self.over:
            self._exchange(news)

    def close(self) -> None:
        """End the process and let go of it."""
        self._process.close()

    def interrupt(self) -> bool:
        """Have the process say where it stands; the next time, end it. Any thread; nothing is left to do here."""
        self._interrupts += 1
        if self._interrupts == 1:
            self._process.ask_where()
        else:
            self._process.kill()
        return True

    def abandon(self) -> None:
        """End the process under a callback that runs; any thread."""
        self._process.kill()

    def memory(self) -> tuple[int, int] | None:
        """Return the bytes that its process uses and maps, None once it is gone; any thread."""
        return self._process.memory()

    def _exchange(self, message: Message) -> None:
        def both() -> None:
            self._process.write(encoded(message))
            self._listen()

        self._guarded(both)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except ProcessLost as error:
            words = f"a callback did not return, and {error}" if self._interrupts else str(error)
            self._fault(words, self._process.last_words())
        except WireError as error:
            self._process.kill()
            self._fault(f"its process sent {error}", "")

    def _listen(self) -> None:
        while True:
            message = decoded(self._process.read())
            if isinstance(message, Handled):
                self.over = message.over
                return
            self._take(message)

    def _take(self, message: Message) -> None:
        for order in _orders(message):
            own = order.cl_ord_id.startswith(f"{self._begin.run_id}-")
            if not own or order.terms.account != self._begin.account:
                raise WireError("an order that is not this run's")
            self.orders_made += 1
        if not isinstance(message, m.Intent):
            raise WireError(f"{type(message).__name__}, which is no intent")
        self._send(message)

    def _fault(self, words: str, left: str) -> None:
        self.over = True
        self._send(m.Faulted("process", words, left))


def _orders(message: Message) -> tuple[m.Submit, ...]:
    """Return the orders that a message asks for."""
    if isinstance(message, m.SubmitPair):
        return message.first, message.second
    return (message,) if isinstance(message, m.Submit) else ()
