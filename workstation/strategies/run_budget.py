"""Bounds of all runs of a program together, as its settings give them. Decides nothing."""

import msgspec


class RunBudget(msgspec.Struct, frozen=True):
    """at_once: most runs under way; timeout_s: longest that one takes, 0 for ever.

    paper_only: what a new strategy is, where nobody says.
    """

    at_once: int = 5
    timeout_s: int = 0
    paper_only: bool = True


DEFAULT_BUDGET = RunBudget()
