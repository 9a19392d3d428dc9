"""Breaks: differences with a venue that stand open, each with its age and its owner, folded from `BreakFound`.

Order walk, inside the fold: reconciliation finds and closes breaks, a person signs for them or has them adopted; here
they are kept over restarts until one of that happens. Decides nothing.
"""

from collections.abc import Iterable

from workstation.domain.events import BreakFound

OPEN = "open"
"""Resolution of a break that stands; any other text says how it ended."""

_Place = tuple[str, str, str]


class Breaks:
    """Open breaks by (account, symbol, currency); a cash break has no symbol, a position break no currency."""

    def __init__(self) -> None:
        self._open: dict[_Place, BreakFound] = {}

    def apply(self, event: BreakFound) -> None:
        """Fold one finding or its resolution."""
        place = (event.account, event.symbol, event.currency)
        if event.resolution == OPEN:
            self._open[place] = event
        else:
            self._open.pop(place, None)

    def find(self, account: str, symbol: str, currency: str = "") -> BreakFound | None:
        """Return one open break, None when book and venue agree there as far as is known."""
        return self._open.get((account, symbol, currency))

    def of(self, account: str) -> tuple[BreakFound, ...]:
        """Return an account's open breaks, in the order of finding."""
        return tuple(found for found in self._open.values() if found.account == account)

    def dump(self) -> list[BreakFound]:
        """Return every open break, for a snapshot."""
        return list(self._open.values())

    def load(self, rows: Iterable[BreakFound]) -> None:
        """Replace everything by what `dump` returned."""
        self._open = {(row.account, row.symbol, row.currency): row for row in rows}


def break_text(found: BreakFound) -> str:
    """Return a break in words, numbers as integers on the scale of the instrument or of money."""
    return f"{found.symbol or found.currency}: {found.ours} here, {found.theirs} at the venue"
