"""Routing: which venue session serves an account, whether it is up, and where an order would live there.

Order walk, between the desk and the broker port. It holds the session states as the venues report them and reads the
capability cards; it sends nothing.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from workstation.domain.accounts import Account
from workstation.domain.orders import OrderTerms, OrdType, Residence, TimeInForce
from workstation.ports.broker import Broker, CapabilityCard, SessionState

_UP, _EXCHANGE = SessionState.UP, Residence.EXCHANGE
EMULATED_TYPES = frozenset(
    {OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT},
)
"""Types that this program can watch itself where the venue lacks them."""

KEPT_HERE = frozenset({TimeInForce.GTD, TimeInForce.DAY})
"""Times in force that this program can keep itself where the venue lacks them but takes GTC."""


def keeps_time(terms: OrderTerms, card: CapabilityCard | None) -> bool:
    """Tell whether the end of an order of these terms is this program's to see to."""
    tif = terms.time_in_force
    if card is None or tif in card.times_in_force:
        return False
    return tif in KEPT_HERE and TimeInForce.GTC in card.times_in_force


def venue_terms(terms: OrderTerms, card: CapabilityCard | None) -> OrderTerms:
    """Return the terms as they go to the venue: GTC in place of a time that is kept here."""
    if not keeps_time(terms, card):
        return terms
    return replace(terms, time_in_force=TimeInForce.GTC, expire_time=None)


def read_back(theirs: OrderTerms, ours: OrderTerms, card: CapabilityCard | None) -> OrderTerms:
    """Return the venue's terms of an order with the time that is kept here: what `venue_terms` hid from it."""
    if theirs.time_in_force is not TimeInForce.GTC or not keeps_time(ours, card):
        return theirs
    return replace(theirs, time_in_force=ours.time_in_force, expire_time=ours.expire_time)


class Routes:
    """Venue sessions by account. A venue not heard of is down."""

    def __init__(self, brokers: Mapping[str, Broker], accounts: Mapping[str, Account]) -> None:
        self._brokers = brokers
        self._accounts = accounts
        self._sessions: dict[str, SessionState] = {}
        self._up_since: dict[str, int] = {}

    def broker(self, account: str) -> Broker | None:
        """Return the session that serves an account, None when there is none."""
        found = self._accounts.get(account)
        return None if found is None else self._brokers.get(found.venue)

    def live(self, account: str) -> Broker | None:
        """Return the session that serves an account if it takes orders now."""
        found = self._accounts.get(account)
        if found is None or self._sessions.get(found.venue) is not _UP:
            return None
        return self._brokers.get(found.venue)

    def session(self, venue: str) -> SessionState:
        """Return a session's state."""
        return self._sessions.get(venue, SessionState.DOWN)

    def set_session(self, venue: str, state: SessionState, mono_ns: int) -> None:
        """Take a session's new state."""
        if state is SessionState.UP and self.session(venue) is not SessionState.UP:
            self._up_since[venue] = mono_ns
        self._sessions[venue] = state

    def healthy_since(self, account: str) -> int | None:
        """Return the monotonic time since which the account's session is up, None while it is not."""
        broker = self.live(account)
        return None if broker is None else self._up_since[broker.venue]

    def accounts_at(self, venue: str) -> Iterator[str]:
        """Yield the accounts that a venue serves."""
        yield from [row.account for row in self._accounts.values() if row.venue == venue]

    def card(self, account: str) -> CapabilityCard | None:
        """Return what the venue of an account can do, None when there is no such venue."""
        broker = self.broker(account)
        return None if broker is None else broker.capabilities

    def by_voice(self, account: str) -> str:
        """Return where orders of an account are given by voice, as a sentence that follows another; "" for nowhere."""
        card = self.card(account)
        return f" Trade desk of {card.venue}: {card.phone}." if card is not None and card.phone else ""

    def keeps_time(self, terms: OrderTerms) -> bool:
        """Tell whether the end of an order of these terms is this program's to see to."""
        found = self._accounts.get(terms.account)
        broker = None if found is None else self._brokers.get(found.venue)
        if broker is None or terms.time_in_force in broker.capabilities.times_in_force:
            return False
        return keeps_time(terms, broker.capabilities)

    def residence(self, terms: OrderTerms) -> Residence:
        """Return where an order of these terms would live: at the venue, or here when its type is emulated."""
        if terms.ord_type not in EMULATED_TYPES:
            return _EXCHANGE
        broker = self.broker(terms.account)
        known = broker is None or terms.ord_type in broker.capabilities.ord_types
        return Residence.EXCHANGE if known else Residence.PROGRAM
