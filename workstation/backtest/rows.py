"""What befalls a position by itself during a backtest: splits, dividends and recorded funding, as plain rows.

Times are UTC ns. Light to load: results and screens read them as well.
"""

import msgspec


class SplitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A split `numerator`:`denominator` when a day opens; a fraction is paid at `cash_in_lieu_px`, a new share."""

    ts: int
    symbol: str
    numerator: int
    denominator: int
    cash_in_lieu_px: int | None = None


class DividendRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dividend at the opening of its ex-date: money for each whole share, in the instrument's currency."""

    ts: int
    symbol: str
    amount: int


CorporateRow = SplitRow | DividendRow


class FundingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded funding of a perpetual contract; at a rate above 0 the long pays the short.

    rate: parts of RATE_ONE of a position's worth at `mark_px`, where that is not known at the last price.
    """

    ts: int
    symbol: str
    rate: int
    mark_px: int | None = None
