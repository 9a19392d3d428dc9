"""What a strategy can reach: the door that its base class calls, as a Protocol, so that the facade knows no engine."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from workstation.domain.orders import Side
from workstation.strategies.views import Order

Number = Decimal | int | float


class Leg:
    """One order of a pair: side, quantity and terms, as a strategy's `order` takes them."""

    __slots__ = ("quantity", "side", "terms")

    def __init__(self, side: Side, quantity: Number, **terms: Any) -> None:
        self.side, self.quantity, self.terms = side, quantity, terms


class IndicatorValue(Protocol):
    """An indicator's line, as of the last closed bar."""

    @property
    def value(self) -> float:
        """Value at the last closed bar; NaN before there is one."""

    @property
    def previous(self) -> float:
        """Value at the bar before."""

    @property
    def ready(self) -> bool:
        """True once there is a value."""


class Door(Protocol):
    """Everything that a strategy may ask for."""

    @property
    def now_ns(self) -> int:
        """Time of what is being handled, UTC ns."""

    def want_bars(self, symbol: str, interval: str, history: int) -> None:
        """Ask for a bar series."""

    def want_quotes(self, symbol: str) -> None:
        """Ask for quotes."""

    def want_trades(self, symbol: str) -> None:
        """Ask for prints."""

    def want_book(self, symbol: str) -> None:
        """Ask for the book."""

    def indicator(
        self, symbol: str, interval: str, name: str, history: int, parameters: Mapping[str, float]
    ) -> IndicatorValue:
        """Return an indicator that follows a bar series; `name.line` where it has several lines."""

    def every(self, seconds: float, name: str) -> None:
        """Set or end a timer."""

    def tick(self, symbol: str) -> Decimal:
        """Return the price step at the last price."""

    def order(self, symbol: str, side: Side, quantity: Number, **terms: Any) -> str:
        """Place an order and return its id."""

    def oco(self, symbol: str, first: Leg, second: Leg) -> tuple[str, str]:
        """Place two orders of which any fill of one cancels the other; returns their ids."""

    def replace(
        self, order_id: str, quantity: Number | None, limit: Number | None, stop: Number | None, **trail: Number
    ) -> None:
        """Change an open order."""

    def cancel(self, order_id: str) -> None:
        """Cancel an order."""

    def cancel_all(self, symbol: str | None) -> None:
        """Cancel the run's orders."""

    def flatten(self, symbol: str) -> None:
        """Exit the run's position."""

    def position(self, symbol: str) -> Decimal:
        """Return the run's position."""

    def open_orders(self, symbol: str | None) -> list[Order]:
        """Return the run's open orders."""

    def signal(self, symbol: str, action: str, confidence: float, **details: Any) -> None:
        """Record an opinion."""

    def show(self, values: Mapping[str, object]) -> None:
        """Show values."""

    def log(self, text: str, level: str, event: str, data: Mapping[str, object]) -> None:
        """Write a log line."""

    def done(self) -> None:
        """End the run."""
