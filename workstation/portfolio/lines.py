"""Running totals behind `pnl`: one line per open position, one total per account and currency.

A mark changes one line and, by the difference, its total; nothing is summed anew. Amounts named `_twice` are doubled
money, so that a mid between two price units stays exact; they are halved once, on reading.
"""

from workstation.portfolio.contracts import Contract
from workstation.portfolio.excursions import ExcursionMeter
from workstation.portfolio.holding import Holding
from workstation.portfolio.rates import Rate


class Mark:
    """Doubled prices that long and short positions are marked at, and their time (UTC ns)."""

    __slots__ = ("long_twice", "short_twice", "ts")

    def __init__(self) -> None:
        self.long_twice = 0
        self.short_twice = 0
        self.ts = 0


class CurrencyTotal:
    """Totals of one account in one currency.

    open_twice: doubled unrealised. gross_twice: doubled absolute worth at the marks. carried: cost of instruments whose
    principal moved, less variation margin received in advance: what turns cash plus unrealised into equity.
    """

    __slots__ = ("carried", "gross_twice", "open_twice")

    def __init__(self) -> None:
        self.open_twice = 0
        self.gross_twice = 0
        self.carried = 0


class AccountTotals:
    """Totals of one account; peak_twice: doubled highest net since the day began, None before the first figure.

    is_plain: all money is in the base currency, so net is `plain_total.open_twice + closed_twice`. opening: equity and
    rate of each foreign currency when the day began, None when one of them could not be valued then.
    """

    __slots__ = (
        "closed_twice",
        "currencies",
        "day_ts",
        "is_plain",
        "name",
        "opening",
        "peak_twice",
        "plain_total",
        "unmarked",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.currencies: dict[str, CurrencyTotal] = {}
        self.unmarked: set[str] = set()
        self.is_plain = False
        self.plain_total = CurrencyTotal()
        self.closed_twice = 0
        self.peak_twice: int | None = None
        self.day_ts = 0
        self.opening: dict[str, tuple[int, Rate]] | None = {}

    def note(self, net_twice: int) -> None:
        """Raise the peak to `net_twice`, unless positions without a mark make the figure partial."""
        if (self.peak_twice is None or net_twice > self.peak_twice) and not self.unmarked:
            self.peak_twice = net_twice


class Line:
    """One account's position in one instrument, as the totals know it."""

    __slots__ = (
        "account",
        "carried",
        "contract",
        "cost_twice",
        "gross_twice",
        "meter",
        "open_twice",
        "qty",
        "total",
        "weight",
    )

    def __init__(self, account: AccountTotals, total: CurrencyTotal, contract: Contract) -> None:
        self.account = account
        self.total = total
        self.contract = contract
        self.meter = ExcursionMeter()
        self.qty = 0
        self.weight = 0
        self.cost_twice = 0
        self.open_twice = 0
        self.gross_twice = 0
        self.carried = 0

    def take(self, holding: Holding, *, is_marked: bool) -> None:
        """Take over quantity and cost from the ledger; the caller marks anew. is_marked: see `ExcursionMeter.take`."""
        now = holding.now
        self.meter.take(holding, is_marked=is_marked)
        self.qty = now.total.qty
        self.weight = self.qty * self.contract.factor
        self.cost_twice = 2 * now.total.cost
        carried = now.total.cost if self.contract.principal else -now.settled
        self.total.carried += carried - self.carried
        self.carried = carried

    def clear(self) -> None:
        """Take this line's worth out of the totals: flat, or without a mark."""
        self.total.open_twice -= self.open_twice
        self.total.gross_twice -= self.gross_twice
        self.open_twice = self.gross_twice = 0
        if self.qty:
            self.account.unmarked.add(self.contract.symbol)
        else:
            self.account.unmarked.discard(self.contract.symbol)

    def revalue(self, mark: Mark) -> None:
        """Move the totals by what the mark changed."""
        qty = self.qty
        if not qty:
            return
        price_twice = mark.long_twice if qty > 0 else mark.short_twice
        contract = self.contract
        if contract.inverse:
            worth = contract.worth_twice(price_twice, qty)
            open_twice = self.cost_twice - worth
        else:
            worth = price_twice * self.weight
            open_twice = worth - self.cost_twice
        total = self.total
        total.open_twice += open_twice - self.open_twice
        self.open_twice = open_twice
        self.meter.note(open_twice)
        gross = worth if worth >= 0 else -worth
        total.gross_twice += gross - self.gross_twice
        self.gross_twice = gross
        if self.account.unmarked:
            self.account.unmarked.discard(contract.symbol)
