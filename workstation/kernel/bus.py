"""The engine's bus: synchronous, typed, on one thread. A handler that fails is reported and the others still run."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
FaultHandler = Callable[[object, BaseException], None]


class _Routes(dict[type, tuple[Callable[[Any], None], ...]]):
    """Who hears each type of message, worked out when the first one comes; cleared when that may have changed."""

    def __init__(self, handlers: Mapping[type, list[Callable[[Any], None]]]) -> None:
        self._handlers = handlers

    def __missing__(self, kind: type) -> tuple[Callable[[Any], None], ...]:
        route = self[kind] = (*self._handlers.get(kind, ()), *self._handlers.get(object, ()))
        return route


class Bus:
    """Delivers each published message to the handlers of its exact type, then to those of `object`.

    Handlers run in the order of subscription. `on_fault` hears of each exception with the message that caused it.
    """

    def __init__(self, on_fault: FaultHandler) -> None:
        self._handlers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)
        self._routes = _Routes(self._handlers)
        self._on_fault = on_fault

    def subscribe(self, kind: type[T], handler: Callable[[T], None]) -> Callable[[], None]:
        """Call `handler` for each message of type `kind`; returns the call that ends the subscription."""
        handlers = self._handlers[kind]
        handlers.append(handler)
        self._routes.clear()

        def end() -> None:
            if handler in handlers:
                handlers.remove(handler)
                self._routes.clear()

        return end

    def publish(self, message: object) -> None:
        """Deliver one message, now, on this thread, to those who are subscribed at this moment."""
        self.publish_all((message,))

    def publish_all(self, messages: Iterable[object]) -> None:
        """Deliver messages in order; one that nobody hears costs a look at the routes."""
        routes = self._routes
        for message in messages:
            for handler in routes[type(message)]:
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
