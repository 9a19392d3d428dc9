"""What a quantity of one instrument is worth, in exact money, and how its trades settle.

Used by the ledger at every fill and by `pnl` at every mark. One `Contract` per instrument holds the factors ready, so
that worth is one multiplication. It knows nothing of positions.

Linear: worth = price * quantity * multiplier, exact. Inverse: worth = quantity * multiplier / price in the base
currency, rounded half to even to 10 ** -18 once per fill; its profit has the opposite sign of the change of worth
(`sense` -1). `currency` of the instrument is always the currency that its profit settles in.
"""

from workstation.domain.errors import InvariantError
from workstation.domain.instruments import AssetClass, Instrument
from workstation.domain.numbers import MONEY_DECIMALS, div_half_even

_BASE_COIN_CLASSES = (AssetClass.CRYPTO, AssetClass.FOREX)


def base_coin(instrument: Instrument) -> str:
    """Return the coin that a spot pair trades (`BTC` of `BTC/USDT`, `BTC-USDT`, `BTCUSDT`), "" where there is none."""
    if instrument.asset_class not in _BASE_COIN_CLASSES or instrument.inverse:
        return ""
    symbol, quote = instrument.symbol, instrument.currency
    return symbol[: -len(quote)].rstrip("/-_.:") if quote and symbol.endswith(quote) else ""


class Contract:
    """Valuation of one instrument.

    principal: True when a trade moves its whole worth in cash; False for futures and inverse contracts, where only
    profit and variation margin move. sense: +1, or -1 for inverse. coin_unit: money of the base coin per quantity unit.
    """

    __slots__ = ("coin", "coin_unit", "currency", "factor", "inverse", "principal", "sense", "symbol")

    def __init__(self, instrument: Instrument) -> None:
        self.symbol = instrument.symbol
        self.currency = instrument.currency
        self.inverse = instrument.inverse
        self.principal = instrument.moves_principal
        self.sense = -1 if instrument.inverse else 1
        self.coin = base_coin(instrument)
        self.coin_unit = int(10 ** (MONEY_DECIMALS - instrument.qty_decimals))
        spare = MONEY_DECIMALS - instrument.qty_decimals - instrument.multiplier_decimals
        exponent = spare + instrument.price_decimals if instrument.inverse else spare - instrument.price_decimals
        self.factor = int(instrument.multiplier * 10**exponent)

    def worth(self, price: int, qty: int) -> int:
        """Return the money worth of `qty` (signed) at `price`, signed like the quantity where the price is positive.

        Raises:
            InvariantError: an inverse contract at a price that is not above 0.
        """
        if not self.inverse:
            return price * qty * self.factor
        if price <= 0:
            raise InvariantError(f"{self.symbol}: an inverse contract has no worth at price {price}")
        return div_half_even(qty * self.factor, price)

    def worth_twice(self, price_twice: int, qty: int) -> int:
        """Return twice the worth at half of `price_twice`: keeps a mid between two price units exact."""
        if not self.inverse:
            return price_twice * qty * self.factor
        if price_twice <= 0:
            raise InvariantError(f"{self.symbol}: an inverse contract has no worth at price {price_twice}/2")
        return div_half_even(4 * qty * self.factor, price_twice)
