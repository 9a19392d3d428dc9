"""What a venue says of itself, as rows of the connections panel: link, requests, next reset, orders without a link.

Last stage of both walks. What a venue does not tell reads "not told"; nothing is guessed from what venues usually do.
Sends nothing.
"""

from collections.abc import Iterable, Sequence

import msgspec

from workstation.domain.instruments import AssetClass
from workstation.domain.orders import OrderState, Residence
from workstation.ports.broker import RequestLimit, VenueStanding
from workstation.ports.venue_board import AccountLine, VenueBoard, VenueLine
from workstation.viewmodels.formats import age, exact_time
from workstation.viewmodels.frames import AccountSnap, StatusSnap

NOT_TOLD = "not told"
WHOLE_BPS = 10_000


class LinkLine(msgspec.Struct, frozen=True, kw_only=True):
    """One link, stream or stage. age_ms: of the oldest value; level: ok, amber, red, or muted."""

    name: str
    state: str
    age_ms: int | None
    detail: str
    level: str


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account with its figures, None before the first."""

    line: AccountLine
    snap: AccountSnap | None


def venue_lines(
    status: StatusSnap, board: VenueBoard, venue: VenueLine, stale: Sequence[str], orders: Sequence[OrderState]
) -> list[LinkLine]:
    """Return the rows of one venue. stale: streams that are not fresh; orders: those that are open anywhere."""
    accounts = {line.account.account for line in board.accounts if line.account.venue == venue.venue}
    mine = [order for order in orders if order.terms.account in accounts]
    return [
        _link(status, venue, stale),
        _requests(venue),
        _reset(status, venue),
        _policy(venue, mine),
    ]


def _link(status: StatusSnap, venue: VenueLine, stale: Sequence[str]) -> LinkLine:
    detail = f"card of {venue.dated}" + (f"; not fresh: {', '.join(stale)}" if stale else "")
    back_at = venue.standing.back_at
    if venue.session != "UP" and back_at is not None:
        left = age(back_at - status.now_ns)
        detail += f"; back by itself at {exact_time(back_at)[11:19]} UTC, in {left}" if back_at > status.now_ns else ""
    level = "red" if venue.session != "UP" else "amber" if stale else "ok"
    return LinkLine(name=f"Venue {venue.venue}", state=venue.session, age_ms=None, detail=detail, level=level)


def _requests(venue: VenueLine) -> LinkLine:
    """Return how many requests the venue would still take at once."""
    standing = venue.standing
    state, detail, level = NOT_TOLD, "the venue does not say whether it limits requests", "muted"
    if standing.limits_requests is False:
        state, detail, level = "no limit", "the venue limits no requests", "ok"
    elif standing.requests_left is not None:
        left = standing.requests_left
        state, level = f"{left:,} left", "ok" if left > standing.requests_kept else "amber"
        detail = "requests that the venue takes before it refuses one" if left else "the venue refuses the next request"
        if standing.request_limit is not None:
            detail = _paced(standing, standing.request_limit)
    elif standing.limits_requests:
        state, detail = "limited", "the venue limits requests and does not say how many are left"
    return LinkLine(name=f"Requests {venue.venue}", state=state, age_ms=None, detail=detail, level=level)


def _paced(standing: VenueStanding, limit: RequestLimit) -> str:
    """Return what the limit is, what is kept of it for whom, and what waits for its turn."""
    span_s = limit.per_ns / 1e9
    parts = [f"takes {limit.requests:,} in {span_s:g} s"]
    if standing.requests_kept:
        parts.append(f"the last {standing.requests_kept:,} kept for cancels and exits")
    waiting = standing.requests_waiting
    parts.append(f"{waiting:,} wait for their turn" if waiting else "none waits")
    return "; ".join(parts)


def _reset(status: StatusSnap, venue: VenueLine) -> LinkLine:
    standing = venue.standing
    name, at = f"Next reset {venue.venue}", standing.next_reset
    if at is None:
        state, detail = ("none", standing.reset) if standing.reset else (NOT_TOLD, "the venue names no time of a reset")
        return LinkLine(name=name, state=state, age_ms=None, detail=detail, level="muted")
    state = f"in {age(at - status.now_ns)}" if at > status.now_ns else "due"
    detail = f"{exact_time(at)[:16].replace('T', ' ')} UTC: {standing.reset or 'what happens is not told'}"
    return LinkLine(name=name, state=state, age_ms=None, detail=detail, level="ok")


def _policy(venue: VenueLine, orders: Sequence[OrderState]) -> LinkLine:
    """Return what happens to working orders when the link ends, and how that is known."""
    state = "CANCELLED" if venue.cancels_on_disconnect else "KEPT"
    detail = f"{disconnect_fate(venue.cancels_on_disconnect, orders)}; its card says so, it was not tried"
    level = "amber" if any(order.residence is Residence.PROGRAM for order in orders) else "ok"
    return LinkLine(name=f"If it ends {venue.venue}", state=state, age_ms=None, detail=detail, level=level)


def disconnect_fate(cancels: bool, orders: Iterable[OrderState]) -> str:
    """Return what becomes of open orders without a link: those at the venue, and those that live in this program."""
    here = [order for order in orders if order.residence is Residence.PROGRAM]
    there = [order for order in orders if order.residence is not Residence.PROGRAM]
    stops = sum(order.is_protective for order in here)
    verb = "are cancelled by the venue" if cancels else "stay at the venue"
    parts = [f"{len(there)} working orders {verb}"] if there else ["no working orders"]
    if here:
        guard = f", {stops} of them protection" if stops else ""
        parts.append(f"{len(here)} held on this PC{guard} cannot be sent")
    return "; ".join(parts)


def disconnect_effects(venues: Iterable[VenueLine], orders: Sequence[OrderState]) -> str:
    """Return what disconnecting does, before it is done."""
    fate = disconnect_fate(any(venue.cancels_on_disconnect for venue in venues), orders)
    return f"Disconnecting: {fate}; exits are refused until the link is back; accounts lock until they agree."


def rights_words(row: AccountRow) -> str:
    """Return what the venue lets an account do, and what is switched off for it here."""
    return rights_text(row.line)


def rights_text(line: AccountLine) -> str:
    """Return an account's permissions in words."""
    rights = line.rights
    parts = [f"{NOT_TOLD} by the venue"]
    if rights is not None:
        parts = ["all kinds" if rights.classes == frozenset(AssetClass) else _kinds(rights.classes) or "nothing"]
        parts.append("long and short" if rights.may_short else "long only")
        share = rights.margin_rate_bps
        parts.append("paid in full" if share >= WHOLE_BPS else f"margin {share / 100:g} %")
    if line.barred:
        parts.append(f"off here: {_kinds(line.barred)}")
    return " · ".join(parts)


def _kinds(classes: Iterable[AssetClass]) -> str:
    return " ".join(kind.value.lower() for kind in AssetClass if kind in classes)
