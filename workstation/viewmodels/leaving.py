"""What ends with the program and what goes on without it, in words, for the dialog before the desktop closes. Qt-free.

Beside both walks. It cancels nothing and moves nothing.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.orders import Contingency, OrderState, Residence
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.preview import order_words
from workstation.viewmodels.screen_state import ScreenState

LINES_MAX = 8
"""Orders named one by one; the rest is a count."""

_LINKED = {
    Contingency.OCO: "a fill of one no longer cancels the other",
    Contingency.OUO: "a fill of one no longer sizes the other",
    Contingency.OTO: "exits that wait for their entry are not sent",
    Contingency.BRACKET: "exits that wait for their entry are not sent, and a fill of one no longer cancels the other",
}


class Leaving(msgspec.Struct, frozen=True):
    """Sentences: what ends with the program, and what stays without it. watched: orders that a venue may be given."""

    ends: tuple[str, ...]
    stays: tuple[str, ...]
    watched: tuple[str, ...] = ()

    @property
    def matters(self) -> bool:
        """True where a person should read before leaving."""
        return bool(self.ends or self.stays)


def leaving(
    state: ScreenState, instruments: Mapping[str, Instrument], *, runs: int, names: Sequence[str] = (), staged: bool
) -> Leaving:
    """Return what leaving means now. runs: how many are under way; names: theirs, once known; staged: an order is."""
    opened = list(state.open_orders.values())
    kept_here = [order for order in opened if order.residence is Residence.PROGRAM or order.is_held]
    away = [order for order in opened if order not in kept_here]
    held = [snap for key, snap in state.positions.items() if key[2] == "*" and snap.position.qty]
    ends = [
        *_named(kept_here, instruments),
        *_links(opened),
        *([f"{_count(runs, 'strategy run')}{_called(names)}: nothing is sent or exited while closed."] if runs else []),
        *(["The staged order is not sent and is not kept."] if staged else []),
    ]
    watched = tuple(order.cl_ord_id for order in kept_here if not order.is_held)
    return Leaving(ends=tuple(ends), stays=(*_away(away), *_positions(held, kept_here)), watched=watched)


def _named(orders: Sequence[OrderState], instruments: Mapping[str, Instrument]) -> list[str]:
    def words(order: OrderState) -> str:
        instrument = instruments.get(order.terms.symbol)
        what = order.terms.symbol if instrument is None else order_words(order.terms, instrument)
        if order.is_held:
            return f"{what}: held here for release, never sent while closed."
        return f"{what}: watched by this program, not by the venue."

    lines = [words(order) for order in orders[:LINES_MAX]]
    more = len(orders) - len(lines)
    return [*lines, f"{more} more orders that only this program watches."] if more else lines


def _links(orders: Iterable[OrderState]) -> list[str]:
    groups: dict[Contingency, set[str]] = {}
    for order in orders:
        if order.link is not None and order.link.contingency in _LINKED:
            groups.setdefault(order.link.contingency, set()).add(order.link.group_id)
    return [
        f"{_count(len(found), f'{kind.value} group')} linked by this program: {_LINKED[kind]}."
        for kind, found in sorted(groups.items())
    ]


def _away(orders: Sequence[OrderState]) -> list[str]:
    accounts: dict[str, int] = {}
    for order in orders:
        accounts[order.terms.account] = accounts.get(order.terms.account, 0) + 1
    unknown = sum(order.unknown is not None for order in orders)
    doubt = f" The outcome of {unknown} is UNKNOWN." if unknown else ""
    lines = [f"At the venue, and may fill: {_count(n, 'order')} of {account}." for account, n in accounts.items()]
    return [line + doubt if line == lines[-1] else line for line in lines]


def _positions(held: Sequence[PositionSnap], kept_here: Sequence[OrderState]) -> list[str]:
    watched = {(order.terms.account, order.terms.symbol) for order in kept_here}
    bare = [
        snap.position.symbol
        for snap in held
        if snap.protection in {"none", "program"} or (snap.position.account, snap.position.symbol) in watched
    ]
    if not held:
        return []
    names = f"; without a stop at the venue: {', '.join(sorted(set(bare)))}" if bare else ""
    return [f"Open: {_count(len(held), 'position')}{names}."]


def _called(names: Sequence[str]) -> str:
    shown = ", ".join(names[:LINES_MAX])
    more = f" and {len(names) - LINES_MAX} more" if len(names) > LINES_MAX else ""
    return f" ({shown}{more})" if names else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
