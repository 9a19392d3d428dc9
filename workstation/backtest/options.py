"""How a backtest fills, charges and accounts: every question has a named answer, and every answer is in the digest.

Read by the venue and the engine, printed by reports. Values only. Defaults are the careful choice; a choice that lets a
run trade at prices its signal used says so by `cautions`.
"""

from enum import StrEnum

import msgspec

from workstation.backtest.faults import Faults
from workstation.backtest.fees import FeeModel, ZeroFees
from workstation.domain.errors import ValidationError

BPS = 10_000
RATE_ONE = 10**16
"""Rates of funding are a position's worth in parts of this."""


class MarketFill(StrEnum):
    """When a market order sent on a bar's close trades: at the next bar's open, or at this very close."""

    NEXT_OPEN = "NEXT_OPEN"
    THIS_CLOSE = "THIS_CLOSE"


class Path(StrEnum):
    """Order of the extremes inside a bar. ADAPTIVE: the one nearer to the open first; PESSIMISTIC: the worse first."""

    ADAPTIVE = "ADAPTIVE"
    OHLC = "OHLC"
    OLHC = "OLHC"
    PESSIMISTIC = "PESSIMISTIC"


class LimitFill(StrEnum):
    """What fills a resting limit: a price a tick beyond it, its price touched, or touched with a probability."""

    THROUGH = "THROUGH"
    TOUCH = "TOUCH"
    PROBABILITY = "PROBABILITY"


class GapFill(StrEnum):
    """At what price a limit fills that the open has jumped over."""

    LIMIT = "LIMIT"
    OPEN = "OPEN"


class SlippageKind(StrEnum):
    """Unit of slippage. VOLUME: basis points of the price for a whole bar's volume, in proportion to the share."""

    NONE = "NONE"
    HALF_TICK = "HALF_TICK"
    TICKS = "TICKS"
    BPS = "BPS"
    VOLUME = "VOLUME"


class Queue(StrEnum):
    """What shortens the queue before a resting limit in quotes and books; see the fill models."""

    TRADES_ONLY = "TRADES_ONLY"
    PROBABILISTIC = "PROBABILISTIC"
    NONE = "NONE"


class Slippage(msgspec.Struct, frozen=True):
    """How much worse than its price a market order or a stop fills. amount: ticks or basis points."""

    kind: SlippageKind = SlippageKind.HALF_TICK
    amount: float = 0.0


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Times on the way, ns: news to the strategy, orders, changes and cancels to the venue, reports back.

    jitter: largest addition to the way of each request, drawn evenly from the seed.
    """

    feed: int = 0
    order: int = 0
    replace: int = 0
    cancel: int = 0
    response: int = 0
    jitter: int = 0

    def __post_init__(self) -> None:
        if min(self.feed, self.order, self.replace, self.cancel, self.response, self.jitter) < 0:
            raise ValidationError("latency", "is below 0", allowed="0 or more ns")


class Borrow(msgspec.Struct, frozen=True, kw_only=True):
    """What borrowing one instrument's shares costs a year, basis points of their worth."""

    symbol: str
    bps: int


class Rollover(msgspec.Struct, frozen=True, kw_only=True):
    """What a position in a currency pair earns (+) or costs (-) a year, basis points of its worth, by its side.

    Booked at 17:00 in New York from Monday to Friday, for three nights on a Wednesday.
    """

    symbol: str
    long_bps: int
    short_bps: int


class Funding(msgspec.Struct, frozen=True, kw_only=True):
    """A steady funding rate of a perpetual contract, parts of RATE_ONE of its worth; above 0 the long pays the short.

    every: time between two payments, ns, counted from 1970-01-01.
    """

    symbol: str
    rate: int
    every: int

    def __post_init__(self) -> None:
        if self.every <= 0:
            raise ValidationError("funding", f"{self.symbol}: no time between two payments", allowed="above 0")


class Financing(msgspec.Struct, frozen=True, kw_only=True):
    """Yearly rates, basis points: paid on borrowed cash, received on idle cash, paid for borrowed shares.

    Charged once a UTC day on what stands when it begins, a year having 365 days. borrows: of instruments whose shares
    cost another rate. rollovers: of currency pairs, whose cost then bears no interest. fundings: of perpetual
    contracts; rates that were recorded are `BacktestPlan.funding`.
    """

    debit_bps: int = 0
    credit_bps: int = 0
    borrow_bps: int = 0
    borrows: tuple[Borrow, ...] = ()
    rollovers: tuple[Rollover, ...] = ()
    fundings: tuple[Funding, ...] = ()


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which nothing of an instrument trades, UTC ns, its end exclusive. symbol: "" for every instrument."""

    symbol: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValidationError("halts", f"{self.symbol or 'a halt'} ends before it begins")


class BacktestOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Every choice of a run.

    bar_share_bps: part of a bar's volume that orders may take, None without limit. fill_probability: of PROBABILITY.
    price_age_max: an order that arrives at an older price waits for the next, ns. assumed_levels: levels beyond the
    best quote, a tick apart and of its size, that a large order may take. protection_ticks: a market order or a stop
    takes no price worse than the last one known when it came or fired by more than so many ticks; it ends there. halts:
    times without trading. faults: what goes wrong on purpose. fees: a model must be named, be it `ZeroFees`.
    convert_bps: money of another currency becomes the account's at once, at its pair's price less so much; None: it
    stays, and is only valued by that price.
    check_funds: refuse what the account's money does not carry. margin_bps: share of a position's worth that must be
    covered; 10,000 is a cash account. liquidate: exit an account whose equity no longer covers `maintenance_bps` of its
    positions. close_at_end: exit all at the last price. sessions: match inside of trading sessions alone. allow_gaps:
    go on over faulty data, which is counted. fast: play bars that meet no order in one go; it changes no result.
    """

    market_fill: MarketFill = MarketFill.NEXT_OPEN
    path: Path = Path.ADAPTIVE
    limit_fill: LimitFill = LimitFill.THROUGH
    fill_probability: float = 0.5
    gap_fill: GapFill = GapFill.LIMIT
    bar_share_bps: int | None = 2_500
    slippage: Slippage = Slippage()
    latency: Latency = Latency()
    queue: Queue = Queue.TRADES_ONLY
    price_age_max: int = 60 * 10**9
    assumed_levels: int = 0
    protection_ticks: int | None = None
    halts: tuple[Halt, ...] = ()
    faults: Faults = Faults()
    fees: FeeModel
    financing: Financing = Financing()
    convert_bps: int | None = None
    check_funds: bool = True
    margin_bps: int = BPS
    liquidate: bool = False
    maintenance_bps: int = 2_500
    close_at_end: bool = False
    sessions: bool = True
    allow_gaps: bool = False
    fast: bool = True

    def __post_init__(self) -> None:
        if self.bar_share_bps is not None and not 0 < self.bar_share_bps <= BPS:
            raise ValidationError("bar_share_bps", f"{self.bar_share_bps} is no share", allowed="1 to 10000, or none")
        if not 0 <= self.fill_probability <= 1:
            raise ValidationError("fill_probability", f"{self.fill_probability} is none", allowed="0 to 1")
        if not self.slippage.amount >= 0:
            raise ValidationError("slippage", f"{self.slippage.amount} is none", allowed="0 or more")
        if self.margin_bps <= 0 or self.maintenance_bps < 0 or self.price_age_max <= 0 or self.assumed_levels < 0:
            raise ValidationError("options", "a share, an age or a count of levels is below what it can be")
        if self.convert_bps is not None and not 0 <= self.convert_bps < BPS:
            raise ValidationError("convert_bps", f"{self.convert_bps} is no cost", allowed="0 to 9999, or none")
        if self.protection_ticks is not None and self.protection_ticks < 0:
            raise ValidationError("protection_ticks", f"{self.protection_ticks} is none", allowed="0 or more, or none")

    @property
    def cautions(self) -> tuple[str, ...]:
        """Choices that flatter a result, in words."""
        found = []
        if self.market_fill is MarketFill.THIS_CLOSE:
            found.append("Market orders trade at the close of the bar that their signal used.")
        if self.bar_share_bps is None:
            found.append("Orders take any size, whatever the volume.")
        if self.limit_fill is not LimitFill.THROUGH:
            found.append("Resting limits fill without the price trading through them.")
        if self.slippage.kind is SlippageKind.NONE:
            found.append("Market orders and stops fill without slippage.")
        if isinstance(self.fees, ZeroFees):
            found.append("Trading is free of fees.")
        return tuple(found)
