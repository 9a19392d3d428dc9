"""The engine's bus: synchronous, typed, on one thread. A handler that fails is reported and the others still run."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
FaultHandler = Callable[[object, BaseException], None]


class Bus:
    """Delivers each published message to the handlers of its exact type, then to those of `object`.

    Handlers run in the order of subscription. `on_fault` hears of each exception with the message that caused it.
    """

    def __init__(self, on_fault: FaultHandler) -> None:
        self._handlers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)
        self._on_fault = on_fault

    def subscribe(self, kind: type[T], handler: Callable[[T], None]) -> Callable[[], None]:
        """Call `handler` for each message of type `kind`; returns the call that ends the subscription."""
        handlers = self._handlers[kind]
        handlers.append(handler)
        return lambda: handlers.remove(handler) if handler in handlers else None

    def publish(self, message: object) -> None:
        """Deliver one message, now, on this thread."""
        for kind in (type(message), object):
            for handler in tuple(self._handlers.get(kind, ())):
                try:
                    handler(message)
                except Exception as error:
                    self._on_fault(message, error)

    def guard(self, message: object, call: Callable[[], None]) -> BaseException | None:
        """Run `call` on behalf of `message`; a failure is reported and returned, never raised."""
        try:
            call()
        except Exception as error:
            self._on_fault(message, error)
            return error
        return None
