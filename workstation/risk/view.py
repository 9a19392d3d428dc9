"""What the gate is asked and what it may read: the intent and the narrow view of the rest of the core.

Stage of the order walk: `orders/desk` builds a `RiskIntent` and hands it to the gate; `orders` or `app` implement
`RiskView`. Reading only: nothing here changes state.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec

from workstation.domain.accounts import Account, Environment
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import GroupLink, OrderState, OrderTerms, Origin, ReferencePrice
from workstation.domain.records import LivePermit


class RiskIntent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order, or one change of a live order, that asks to go out.

    terms: all terms as they would stand; order_qty counts what has filled already. replaces: the live order that is to
    be changed. link: membership of a group, so that legs of which only one can fill count once. now_ns: UTC ns,
    mono_ns: monotonic ns, both read once by the desk. uncapped: a person's typed override: an exit that leaves no room
    for other live exits. released: a person's word that lets an order go which a compliance rule would hold.
    """

    terms: OrderTerms
    origin: Origin
    strategy_id: str = ""
    cl_ord_id: str = ""
    replaces: OrderState | None = None
    allow_duplicate: bool = False
    now_ns: int = 0
    mono_ns: int = 0
    link: GroupLink | None = None
    uncapped: bool = False
    released: bool = False


class RunHolding(NamedTuple):
    """A run's own position. qty: signed, + long; worth: absolute, at its mark, None without a mark or a rate."""

    symbol: str
    qty: int
    worth: int | None


class RiskView(Protocol):
    """Everything outside of `risk` that a rule may know. Money is in the account's currency; None means not known."""

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument, None when the symbol is not known."""

    def account(self, account: str) -> Account | None:
        """Return the account, None when it is not known."""

    def reference(self, symbol: str) -> ReferencePrice:
        """Return the last good quote with its age; while CLOSED, `last` is the last close."""

    def phase(self, symbol: str) -> SessionPhase:
        """Return the trading phase."""

    def qty(self, account: str, symbol: str) -> int:
        """Return the reconciled position of the account, signed, + long."""

    def run_qty(self, account: str, symbol: str, run_id: str) -> int:
        """Return what of the account's position is a run's own, signed, + long."""

    def run_holdings(self, account: str, run_id: str) -> Iterable[RunHolding]:
        """Yield a run's own open positions."""

    def run_made(self, account: str, run_id: str) -> int | None:
        """Return what a run has made net of fees, open profit included."""

    def equity(self, account: str) -> int | None:
        """Return cash plus open profit."""

    def peak_equity(self, account: str) -> int | None:
        """Return the highest equity of the trading day."""

    def gross(self, account: str) -> int | None:
        """Return the sum of the absolute market values of all positions."""

    def day_net(self, account: str) -> int | None:
        """Return the day's profit after fees, open profit included."""

    def convert(self, amount: int, currency: str, to: str) -> int | None:
        """Return `amount` of money in another currency, None without a rate."""

    def armed(self, environment: Environment) -> bool:
        """Tell whether entry by hand is armed for the environment."""

    def live_permit(self, origin: Origin, strategy_id: str) -> LivePermit | None:
        """Return a person's leave for this script or strategy to add exposure on LIVE accounts, run out or not."""

    def permit_holder(self, origin: Origin, strategy_id: str) -> str:
        """Return the id of the script's key or the run's strategy, whose permit that is; "" for whoever needs none."""

    def order_cap(self, origin: Origin) -> int | None:
        """Return the most money that one order of this script's key may move, None without a cap."""
