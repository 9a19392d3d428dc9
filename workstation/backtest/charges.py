"""What the run's fee model takes from each fill, in which currency, and what that leaves of its quantity.

Between `booking.py`, which asks for each fill, and the models of `fees.py`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from workstation.backtest.fees import CoinFees, FeeModel, MakerTakerFees, PerUnitFees, ZeroFees
from workstation.backtest.fees_by_value import Turnover
from workstation.backtest.working import Working
from workstation.domain.errors import ValidationError
from workstation.domain.executions import Liquidity
from workstation.domain.instruments import Instrument
from workstation.portfolio.contracts import Contract


class Charge(NamedTuple):
    """A fee as the venue says it, in money of `currency`; the same in the instrument's; and the coins it took."""

    fee: int
    currency: str
    worth: int
    coins: int = 0


class Charges:
    """Asks one model.

    Raises:
        ValidationError: the model takes coins, and an instrument is no spot pair that has any.
    """

    def __init__(self, model: FeeModel, instruments: Mapping[str, Instrument]) -> None:
        self._model = model
        self._contracts = {symbol: Contract(instrument) for symbol, instrument in instruments.items()}
        self._turnover = Turnover()
        self._free = {instrument.currency: Charge(0, instrument.currency, 0) for instrument in instruments.values()}
        if isinstance(model, CoinFees):
            plain = sorted(symbol for symbol, contract in self._contracts.items() if not contract.coin)
            if plain:
                raise ValidationError("fees", f"{plain[0]} is no spot pair, so that no coin can pay")

    def on_fill(
        self, order: Working, instrument: Instrument, qty: int, price: int, liquidity: Liquidity, *, ts: int
    ) -> Charge:
        """Return what a fill costs; `order.leaves` counts it already."""
        model, currency = self._model, instrument.currency
        if isinstance(model, ZeroFees):
            return self._free[currency]
        contract = self._contracts[instrument.symbol]
        if isinstance(model, PerUnitFees):
            fee = model.due(instrument, qty, order.terms.order_qty - order.leaves - qty)
        elif isinstance(model, CoinFees) and order.sign > 0:
            coins = model.due(qty, liquidity)
            return Charge(coins * contract.coin_unit, contract.coin, contract.worth(price, coins), coins)
        elif isinstance(model, MakerTakerFees | CoinFees):
            fee = model.due(abs(contract.worth(price, qty)), liquidity)
        else:
            value = abs(contract.worth(price, qty))
            fee = model.due(value, self._turnover.count(order.cl_ord_id, currency, value, ts=ts), liquidity)
        return Charge(fee, currency, fee)

    def forget(self, cl_ord_id: str) -> None:
        """Let an order go that trades no more."""
        if not isinstance(self._model, ZeroFees):
            self._turnover.forget(cl_ord_id)
