"""A paper venue on a clock that the test moves: market events go in, reports come out."""

from __future__ import annotations

from collections.abc import Iterable

from tests.helpers.market import T0, instrument
from workstation.brokers.paper.broker import PaperBroker
from workstation.brokers.paper.options import PaperOptions
from workstation.brokers.sim.fees import FeeSchedule, ZeroFees
from workstation.domain.accounts import Account, Environment
from workstation.domain.executions import Execution
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, MarketEvent
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce
from workstation.kernel.clock import VirtualClock
from workstation.ports.broker import BrokerReport, ExecType, FillReport, OrderReport, QueryAnswer

ACCOUNT = "PAPER-1"


def account(environment: Environment = Environment.SIM) -> Account:
    return Account(
        account=ACCOUNT,
        uid="a",
        venue="PAPER",
        environment=environment,
        currency="USD",
        initial_cash=10_000_000 * MONEY_ONE,
    )


class PaperVenue:
    """One account, one instrument unless told otherwise; `at` of market events is ns after T0."""

    def __init__(
        self,
        *,
        options: PaperOptions | None = None,
        instruments: Iterable[Instrument] | None = None,
        fees: FeeSchedule | None = None,
    ) -> None:
        self.clock = VirtualClock(T0)
        self.reports: list[BrokerReport] = []
        self.broker = PaperBroker(
            "PAPER",
            "R1",
            instruments or (instrument(),),
            (account(),),
            now_ns=self.clock.now_ns,
            scheduler=self.clock,
            fees=fees or FeeSchedule("ZeroFees", {}, ZeroFees()),
            options=options,
        )
        self.broker.connect(self.reports.extend)
        self._made = 0

    def market(self, *events: MarketEvent) -> None:
        """Let market events happen, each at its own time."""
        for event in events:
            at = event.ts_close if isinstance(event, Bar) else event.ts_init
            self.clock.advance(max(at - self.clock.now_ns(), 0))
            self.broker.on_market([event])
        self.clock.advance(0)

    def order(self, side: Side, qty: int, price: int | None = None, **terms: object) -> str:
        """Send an order now; a LIMIT order when it has a price. Returns its client order id."""
        self._made += 1
        cl_ord_id = f"O{self._made}"
        fields: dict[str, object] = {
            "symbol": "ABC",
            "account": ACCOUNT,
            "side": side,
            "ord_type": OrdType.MARKET if price is None else OrdType.LIMIT,
            "order_qty": qty,
            "price": price,
            "time_in_force": TimeInForce.GTC,
            **terms,
        }
        self.broker.submit(cl_ord_id, OrderTerms(**fields))
        self.clock.advance(0)
        return cl_ord_id

    def buy(self, qty: int, price: int | None = None, **terms: object) -> str:
        return self.order(Side.BUY, qty, price, **terms)

    def sell(self, qty: int, price: int | None = None, **terms: object) -> str:
        return self.order(Side.SELL, qty, price, **terms)

    @property
    def executions(self) -> list[Execution]:
        return [report.execution for report in self.reports if isinstance(report, FillReport)]

    def fills(self, cl_ord_id: str) -> list[tuple[int, int]]:
        """Return (quantity, price) of an order's fills in order."""
        return [(found.last_qty, found.last_px) for found in self.executions if found.cl_ord_id == cl_ord_id]

    def words(self, cl_ord_id: str) -> list[ExecType]:
        """Return what was reported of an order, fills apart."""
        reports = (report for report in self.reports if isinstance(report, OrderReport))
        return [report.exec_type for report in reports if report.cl_ord_id == cl_ord_id]

    def ask(self, *cl_ord_ids: str) -> QueryAnswer:
        """Ask for everything and return the answer."""
        self.broker.ask(1, ACCOUNT, cl_ord_ids, 0)
        self.clock.advance(0)
        return next(report for report in reversed(self.reports) if isinstance(report, QueryAnswer))
