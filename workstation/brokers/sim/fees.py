"""Fee models of the simulated venue, named so that a report can say which one was in force.

A model states what is due on a whole order; a fill is charged the difference to what the order has paid, rounded
half to even to the currency's minor unit. A minimum is thus paid once per order however many fills it takes. Money
throughout.
"""

from typing import NamedTuple, Protocol

from workstation.domain.executions import Liquidity
from workstation.domain.fees import FeeTerms
from workstation.domain.instruments import AssetClass, Instrument
from workstation.domain.numbers import MONEY_ONE, div_half_even

MINOR_DECIMALS = {"JPY": 0}
"""Minor units of currencies that do not have two decimals."""


class FillFacts(NamedTuple):
    """One fill and what its order had before it: quantity units, price units, money."""

    qty: int
    price: int
    liquidity: Liquidity
    qty_before: int
    fee_before: int


class FeeModel(Protocol):
    """Charges one fill."""

    @property
    def name(self) -> str:
        """Name shown in reports."""

    @property
    def terms(self) -> FeeTerms:
        """The same as the venue's card states it."""

    def fee(self, instrument: Instrument, fill: FillFacts) -> int:
        """Return the fee as money, + paid, - rebate."""


def round_to_minor(amount: int, currency: str) -> int:
    """Return money rounded half to even to the currency's minor unit."""
    unit: int = MONEY_ONE // 10 ** MINOR_DECIMALS.get(currency, 2)
    return div_half_even(amount, unit) * unit


def bps_of(amount: int, hundredths: int) -> int:
    """Return `hundredths` of a basis point of an amount."""
    return div_half_even(amount * hundredths, 1_000_000)


class ZeroFees:
    """Nothing is charged."""

    name = "ZeroFees"
    terms = FeeTerms()

    def fee(self, instrument: Instrument, fill: FillFacts) -> int:  # noqa: ARG002  the port's signature
        """Return 0."""
        return 0


class MakerTakerFees:
    """Hundredths of a basis point of notional, by who took; a negative maker rate is a rebate."""

    def __init__(self, maker_hundredths: int, taker_hundredths: int) -> None:
        self.name = f"MakerTaker({maker_hundredths / 100:g}/{taker_hundredths / 100:g} bps)"
        self._maker, self._taker = maker_hundredths, taker_hundredths
        self.terms = FeeTerms(taker=taker_hundredths)

    def fee(self, instrument: Instrument, fill: FillFacts) -> int:
        """Return the rate of the fill's side times its notional."""
        rate = self._maker if fill.liquidity is Liquidity.MAKER else self._taker
        return round_to_minor(bps_of(abs(instrument.notional(fill.price, fill.qty)), rate), instrument.currency)


class PerUnitFees:
    """Money per whole share or contract, with a minimum per order."""

    def __init__(self, rate: int, minimum: int = 0) -> None:
        self.name = f"PerUnit({rate / MONEY_ONE:g}, minimum {minimum / MONEY_ONE:g})"
        self._rate, self._minimum = rate, minimum
        self.terms = FeeTerms(per_unit=rate, minimum=minimum)

    def fee(self, instrument: Instrument, fill: FillFacts) -> int:
        """Return what the order owes after this fill less what it has paid."""
        units = (fill.qty_before + fill.qty) * self._rate
        due = max(div_half_even(units, 10**instrument.qty_decimals), self._minimum)
        return round_to_minor(due - fill.fee_before, instrument.currency)


class PercentFees:
    """Hundredths of a basis point of notional, with a minimum and a cap per order (0: none)."""

    def __init__(self, hundredths: int, minimum: int = 0, cap: int = 0) -> None:
        self.name = f"Percent({hundredths / 100:g} bps)"
        self._rate, self._minimum, self._cap = hundredths, minimum, cap
        self.terms = FeeTerms(taker=hundredths, minimum=minimum, cap=cap)

    def fee(self, instrument: Instrument, fill: FillFacts) -> int:
        """Return the fill's share of what its order owes, minimum and cap applied to the order."""
        owed = fill.fee_before + bps_of(abs(instrument.notional(fill.price, fill.qty)), self._rate)
        due = max(owed, self._minimum)
        if self._cap:
            due = min(due, max(self._cap, fill.fee_before))
        return round_to_minor(due - fill.fee_before, instrument.currency)


class FeeSchedule:
    """One model for each asset class."""

    def __init__(self, name: str, models: dict[AssetClass, FeeModel], otherwise: FeeModel) -> None:
        self.name = name
        self._models = models
        self._otherwise = otherwise

    @property
    def terms(self) -> dict[AssetClass, FeeTerms]:
        """The schedule as the venue's card states it."""
        return {kind: self._models.get(kind, self._otherwise).terms for kind in AssetClass}

    def fee(self, instrument: Instrument, fill: FillFacts) -> int:
        """Charge a fill by its asset class."""
        return self._models.get(instrument.asset_class, self._otherwise).fee(instrument, fill)


def usual_fees() -> FeeSchedule:
    """Return fees like those of a retail broker: half a cent a share, per contract, maker and taker for coins."""
    cent = MONEY_ONE // 100
    return FeeSchedule(
        "Usual",
        {
            AssetClass.STOCK: PerUnitFees(cent // 2, minimum=MONEY_ONE),
            AssetClass.ETF: PerUnitFees(cent // 2, minimum=MONEY_ONE),
            AssetClass.OPTION: PerUnitFees(65 * cent, minimum=MONEY_ONE),
            AssetClass.FUTURE: PerUnitFees(225 * cent),
            AssetClass.CRYPTO: MakerTakerFees(100, 500),
            AssetClass.FOREX: PercentFees(20, minimum=0),
            AssetClass.BOND: PercentFees(100, minimum=MONEY_ONE, cap=250 * MONEY_ONE),
        },
        ZeroFees(),
    )
