"""A loader with classes in hand: what a test registers is what `module:Class` means, at once and without a file."""

from __future__ import annotations

from collections.abc import Callable

from workstation.strategies.api import Strategy, StrategyParameters
from workstation.strategies.describing import describe
from workstation.strategies.loading import Code, Described, Loaded


class Buyer(Strategy):
    """Buys once, at the first quote, says so, and remembers it."""

    class Parameters(StrategyParameters):
        """What to buy."""

        symbol: str = "ABC"
        quantity: int = 10

    def on_start(self) -> None:
        self.bought = getattr(self, "bought", False)
        self.quotes(self.parameters.symbol)
        self.log("begun", event="BEGUN", quantity=self.parameters.quantity)

    def on_quote(self, quote) -> None:
        if not self.bought:
            self.bought = True
            order_id = self.buy(quote.symbol, self.parameters.quantity, limit=quote.ask)
            self.signal(
                quote.symbol, "BUY", 0.9, reason="first", order_id=order_id, take_profit=quote.ask + 5,
                market_conditions={"spread": quote.ask - quote.bid}, metadata={"model": "first"},
            )  # fmt: skip

    def state(self):
        return {"bought": self.bought}

    def restore(self, state) -> None:
        self.bought = state["bought"]


class Faulty(Buyer):
    """Fails as it starts."""

    def on_start(self) -> None:
        raise RuntimeError("no luck")


class CodeInHand:
    def __init__(self) -> None:
        self.classes: dict[str, type[Strategy]] = {"hand:Buyer": Buyer, "hand:Faulty": Faulty}
        self.asked: list[tuple[str, str]] = []

    def look(self, done: Callable[[tuple[str, ...]], None]) -> None:
        done(tuple(self.classes))

    def describe(self, entry_point: str, done: Described) -> None:
        kind = self.classes.get(entry_point)
        if kind is None:
            done(None, f"there is no {entry_point}")
        else:
            done(describe(Code(strategy=kind, entry_point=entry_point, code_hash="", source="")), "")

    def load(self, entry_point: str, code_hash: str, done: Loaded, *, runs: bool = True) -> None:
        self.asked.append((entry_point, code_hash))
        kind = self.classes.get(entry_point)
        if kind is None:
            done(None, f"there is no {entry_point}")
        else:
            source = kind.__name__
            done(Code(strategy=kind, entry_point=entry_point, code_hash=code_hash or source.lower(), source=source), "")
