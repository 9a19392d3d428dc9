"""The desk: the one entry of the order path, whatever the door: ticket, key, ladder, chart, script or strategy.

Order walk: `commands/trading`, `api` and `strategies` call this, the broker port reports to it. It wires the parts and
delegates; each part says what it does. Everything is synchronous and on the engine's thread: results come back at once,
what follows comes as events.
"""

from collections.abc import Mapping, Sequence

from workstation.domain.orders import SubmitOrder
from workstation.domain.verdicts import Verdict
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock, Scheduler
from workstation.kernel.ids import IdSource
from workstation.orders.book import Change
from workstation.orders.context import DeskContext, DeskSettings, Gate, Prices
from workstation.orders.fold import CoreState
from workstation.orders.inbound import Inbound
from workstation.orders.recorder import Attach, Recorder
from workstation.orders.results import SubmitResult
from workstation.orders.routing import Routes
from workstation.orders.submission import OnDurable, Submission
from workstation.ports.broker import Broker, BrokerReport, QueryAnswer, SessionState
from workstation.ports.store import Journal


class Desk:
    """Orders in, events out."""

    def __init__(
        self,
        *,
        state: CoreState,
        gate: Gate,
        journal: Journal,
        brokers: Mapping[str, Broker],
        prices: Prices,
        clock: Clock,
        scheduler: Scheduler,
        ids: IdSource,
        bus: Bus,
        settings: DeskSettings | None = None,
    ) -> None:
        self.state = state
        self.recorder = Recorder(state, journal, bus, clock)
        self.routes = Routes(brokers, state.accounts)
        self._c = DeskContext(
            state=state,
            recorder=self.recorder,
            journal=journal,
            gate=gate,
            routes=self.routes,
            prices=prices,
            clock=clock,
            scheduler=scheduler,
            ids=ids,
            bus=bus,
            settings=settings or DeskSettings(),
        )
        self._submission = Submission(self._c)
        self._inbound = Inbound(
            self._c, self._submission, look=self._look, on_answer=self._on_answer, on_session=self._on_session
        )
        self.recorder.react(self._on_change)

    def submit(
        self, command: SubmitOrder, *, attach: Attach | None = None, on_durable: OnDurable | None = None
    ) -> SubmitResult:
        """Accept or refuse one order, at once; its bytes leave when its intent is durable.

        attach: rows for the same transaction. on_durable: told whether the answer survives a power cut.

        Raises:
            NotFound: unknown account or symbol.
            ValidationError: the terms contradict each other or miss the instrument's grid.
        """
        return self._submission.submit(command, attach=attach, on_durable=on_durable)

    def preview(self, command: SubmitOrder) -> Verdict:
        """Return every rule's answer to an order without placing or counting it."""
        return self._c.gate.explain(
            self._c.intent(
                command.terms,
                command.origin,
                strategy_id=command.strategy_id,
                cl_ord_id=command.cl_ord_id,
                link=command.link,
                allow_duplicate=command.allow_duplicate,
            )
        )

    def on_reports(self, reports: Sequence[BrokerReport]) -> None:
        """Book what a venue reported; the sink of every broker."""
        self._inbound.on_reports(reports)

    def _on_change(self, change: Change) -> None:
        if change.after is not None:
            self._inbound.fills.watch(change.before, change.after)

    def _look(self, account: str, why: str) -> None:
        raise NotImplementedError

    def _on_answer(self, answer: QueryAnswer) -> None:
        raise NotImplementedError

    def _on_session(self, venue: str, state: SessionState) -> None:
        """Session."""
