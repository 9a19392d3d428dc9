"""What passes between a run and the engine: intents one way, news the other. Immutable, so that threads may share them.

Intents carry core values: the host has turned a strategy's numbers into an instrument's integers already.
"""

from typing import Any

import msgspec

from workstation.domain.executions import Execution
from workstation.domain.market import Bar, BarType, BookSnapshot, Quote, StreamKind, Trade
from workstation.domain.orders import OrderState, OrderTerms, Trail
from workstation.strategies.views import Policy

# To the engine


class Submit(msgspec.Struct, frozen=True):
    """Place an order; with stop_px or target_px it is the entry of a bracket whose legs wait for its fills."""

    cl_ord_id: str
    terms: OrderTerms
    stop_px: int | None = None
    target_px: int | None = None
    notes: str = ""


class SubmitPair(msgspec.Struct, frozen=True):
    """Place two orders of an instrument of which any fill of one cancels the other; neither has legs."""

    first: Submit
    second: Submit


class Cancel(msgspec.Struct, frozen=True):
    """Cancel one order of the run."""

    cl_ord_id: str


class CancelAll(msgspec.Struct, frozen=True):
    """Cancel every order of the run, in one instrument or all."""

    symbol: str | None


class Replace(msgspec.Struct, frozen=True):
    """Change an order of the run; None leaves a term as it is. trail: a distance alone, activation_px beside it."""

    cl_ord_id: str
    order_qty: int | None
    price: int | None
    stop_px: int | None
    trail: Trail | None = None
    activation_px: int | None = None


class Flatten(msgspec.Struct, frozen=True):
    """Exit the run's position in an instrument."""

    symbol: str


class WantBars(msgspec.Struct, frozen=True):
    """Build and send a bar series; history: closed bars to send first."""

    symbol: str
    interval: str
    bar_type: BarType
    history: int = 0


class WantStream(msgspec.Struct, frozen=True):
    """Send a market stream of an instrument."""

    symbol: str
    stream: StreamKind


class SetTimer(msgspec.Struct, frozen=True):
    """Call the run every so many nanoseconds; 0 ends the timer of that name."""

    name: str
    every_ns: int


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """An opinion of the run's, stored whether or not an order follows. confidence: 0 to 1; prices in price units.

    market_conditions, metadata: plain values that nobody else holds.
    """

    symbol: str
    action: str
    confidence: float
    reason: str = ""
    target_px: int | None = None
    stop_px: int | None = None
    take_profit_px: int | None = None
    target: int | None = None
    cl_ord_id: str = ""
    market_conditions: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class Show(msgspec.Struct, frozen=True):
    """Values of the run's own, for its row on the screen."""

    values: dict[str, str]


class Log(msgspec.Struct, frozen=True):
    """One line of the run's log. data: plain values that nobody else holds."""

    level: str
    text: str
    event_type: str = ""
    data: dict[str, Any] = {}


class Faulted(msgspec.Struct, frozen=True):
    """A callback raised: the run is over. `traceback` goes to the panel and the log, never on the wire."""

    callback: str
    error: str
    traceback: str


class Declared(msgspec.Struct, frozen=True):
    """What a strategy declares that was made in a process of its own: what becomes of its orders at its end."""

    policy: Policy


class Kept(msgspec.Struct, frozen=True):
    """What the strategy would want back if the program ended now."""

    state: dict[str, Any]


class Done(msgspec.Struct, frozen=True):
    """The strategy ended by itself, or has answered a stop. left: it stood aside for another edition of its code."""

    state: dict[str, Any]
    left: bool = False


OrderIntent = Submit | SubmitPair | Cancel | CancelAll | Replace | Flatten
Intent = OrderIntent | WantBars | WantStream | SetTimer | Signal | Show | Log | Faulted | Declared | Kept | Done

# To the run


class Started(msgspec.Struct, frozen=True):
    """Begin. positions: signed quantity units by symbol, of this run; orders: those of it that are open.

    generation: how often the run was taken up again; order ids of each are its own.
    """

    now_ns: int
    positions: dict[str, int]
    orders: tuple[OrderState, ...]
    state: dict[str, Any] = {}
    generation: int = 0


class PastBars(msgspec.Struct, frozen=True):
    """Closed bars before the first live one, oldest first.

    read: open, high, low, close and volume of each as indicators read them, where that is not as the bars have them.
    """

    interval: str
    bars: tuple[Bar, ...]
    read: tuple[tuple[float, ...], ...] = ()


class BarClosed(msgspec.Struct, frozen=True, gc=False):
    """A bar of a series that the run wants; a revised one stands in the place of one that it was told of."""

    interval: str
    bar: Bar


class BookNews(msgspec.Struct, frozen=True):
    """The book as it stands."""

    book: BookSnapshot


class OrderNews(msgspec.Struct, frozen=True):
    """An order of the run changed."""

    order: OrderState


class FillNews(msgspec.Struct, frozen=True):
    """An order of the run traded. position: signed quantity units of this run after it."""

    execution: Execution
    position: int


class TimerNews(msgspec.Struct, frozen=True):
    """A timer of the run fired."""

    name: str
    now_ns: int


class Keep(msgspec.Struct, frozen=True):
    """Say what you would want back: answered by `Kept`."""


class Stop(msgspec.Struct, frozen=True):
    """End: `on_stop` runs, then the run is done."""

    reason: str = ""


class Leave(msgspec.Struct, frozen=True):
    """Stand aside for another edition of the code: `on_stop` does not run, and nothing is done to orders."""


MarketNews = PastBars | BarClosed | Quote | Trade | BookNews
News = MarketNews | Started | OrderNews | FillNews | TimerNews | Keep | Stop | Leave
