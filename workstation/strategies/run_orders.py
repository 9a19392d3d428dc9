"""What a run asks for as commands of the desk: an order, a bracket, a pair, and the exit of its position.

Order walk, between `run` and the desk. Makes commands alone: it sends nothing and judges nothing.
"""

from workstation.domain.orders import (
    OrderTerms,
    OrdType,
    Origin,
    Side,
    SubmitGroup,
    SubmitOrder,
    TimeInForce,
)
from workstation.kernel.ids import IdSource
from workstation.orders.brackets import bracket
from workstation.orders.pairs import paired
from workstation.strategies import messages as m
from workstation.strategies.runs import RunOrder


class RunOrders:
    """Commands of one run."""

    def __init__(self, run: RunOrder, origin: Origin, ids: IdSource) -> None:
        self._run, self._origin, self._ids = run, origin, ids

    def submitted(self, intent: m.Submit) -> SubmitOrder | SubmitGroup:
        """Return the order that is asked for, or its bracket where prices of legs stand with it."""
        command = self._command(intent)
        if intent.stop_px is None and intent.target_px is None:
            return command
        return bracket(command, stop_px=intent.stop_px, target_px=intent.target_px, ids=self._ids)

    def paired(self, intent: m.SubmitPair) -> SubmitGroup:
        """Return both orders of a pair.

        Raises:
            ValidationError: they are of different accounts or instruments.
        """
        return paired(self._command(intent.first), self._command(intent.second), ids=self._ids)

    def exit(self, symbol: str, qty: int) -> SubmitOrder:
        """Return the order that closes a position of the run's own; qty: quantity units held, signed, + long."""
        terms = OrderTerms(
            symbol=symbol,
            account=self._run.account,
            side=Side.SELL if qty > 0 else Side.BUY,
            ord_type=OrdType.MARKET,
            order_qty=abs(qty),
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
        )
        return SubmitOrder(
            cl_ord_id=self._ids.cl_ord_id(),
            uid=self._ids.uid(),
            terms=terms,
            origin=self._origin,
            strategy_id=self._run.run_id,
            notes="run flattened",
        )

    def _command(self, intent: m.Submit) -> SubmitOrder:
        return SubmitOrder(
            cl_ord_id=intent.cl_ord_id,
            uid=self._ids.uid(),
            terms=intent.terms,
            origin=self._origin,
            strategy_id=self._run.run_id,
            notes=intent.notes,
            metadata={"strategy": self._run.name, "version": self._run.version, "code": self._run.code_hash},
        )
