"""Which instruments a run has traded, so that its own positions are found without a walk over everybody's.

Beside the ledger, which it follows. Built of what the ledger holds when a run is asked for first; it values nothing.
"""

from workstation.portfolio.ledger import Ledger

RUNS_MAX = 256
"""Runs that are remembered; more than are ever under way together, beyond which all are found anew."""


class RunSymbols:
    """The symbols of each run that was asked for, on one account."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[tuple[str, str], dict[str, None]] = {}
        ledger.watch(self._on_ledger)

    def of(self, account: str, run_id: str) -> tuple[str, ...]:
        """Return the symbols that a run has traded on an account, those that are flat by now included."""
        known = self._known.get((account, run_id))
        if known is None:
            if len(self._known) >= RUNS_MAX:
                self._known.clear()
            holdings = self._ledger.holdings_of(account)
            known = {holding.contract.symbol: None for holding in holdings if run_id in holding.now.parts}
            self._known[account, run_id] = known
        return tuple(known)

    def _on_ledger(self, account: str, symbol: str) -> None:
        if not account:
            self._known.clear()
            return
        holding = self._ledger.holding(account, symbol) if symbol else None
        if holding is None:
            return
        for (of, run_id), symbols in self._known.items():
            if of == account and symbol not in symbols and run_id in holding.now.parts:
                symbols[symbol] = None
