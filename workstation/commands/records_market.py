"""What subscriptions and instruments must hold before they are kept; pure checks, engine's thread."""

from workstation.commands.context import EngineContext
from workstation.domain.errors import Duplicate, InUse, NotFound, ValidationError
from workstation.domain.listing import instrument_of
from workstation.domain.market import StreamKind
from workstation.domain.records import LOCAL_TENANT, Record
from workstation.domain.records.market import InstrumentEntry, MarketSubscription, SubscriptionStatus
from workstation.marketdata.held_streams import streams_of
from workstation.marketdata.subscriptions import SUBSCRIPTIONS_MAX


def check_subscription(context: EngineContext, before: Record | None, after: Record) -> None:
    """Refuse what a user follows already, and what the feed has no room for: it would bring nothing.

    Raises:
        Duplicate: another of the user's subscriptions has one of the (symbol, data type) pairs.
        ValidationError: it begins to need more streams than can be open.
    """
    if not isinstance(after, MarketSubscription) or after.deleted_at is not None:
        return
    for other in context.state.records.all(MarketSubscription, after.tenant):
        if other.user_id == after.user_id and other.id != after.id and (shared := other.pairs & after.pairs):
            named = ", ".join(f"{symbol} {kind}" for symbol, kind in sorted(shared))
            raise Duplicate(f"Followed already: {named}.", record_id=other.id)
    wanted = _needed(after) - _needed(before)
    if wanted and (lacking := context.inquiry.lacking(wanted)):
        text = f"need {lacking} streams more than the feed can have open"
        raise ValidationError(
            "instrument_symbols", text, allowed=f"what the feed has room for, {SUBSCRIPTIONS_MAX} streams at once"
        )


def _needed(record: Record | None) -> frozenset[tuple[str, StreamKind]]:
    if not isinstance(record, MarketSubscription) or record.status is not SubscriptionStatus.ACTIVE:
        return frozenset()
    return streams_of(record)


def check_instrument(context: EngineContext, _before: Record | None, after: Record) -> None:
    """Refuse terms that no instrument has, and the end of one that is in use.

    Raises:
        NotFound: it is of a tenant that does not trade here, whose instruments these are.
        ValidationError: the terms.
        InUse: it is deleted although a venue lists it, or with open orders or a position.
    """
    if not isinstance(after, InstrumentEntry):
        return
    if after.tenant != LOCAL_TENANT:
        raise NotFound("instrument", after.symbol)
    state = context.state
    if after.deleted_at is None:
        instrument_of(after, state.instruments.get(after.symbol))
        return
    if after.listed:
        raise InUse(f"The venue lists {after.symbol}.")
    if any(order.terms.symbol == after.symbol for order in state.book.open_orders()):
        raise InUse(f"There are open orders on {after.symbol}.")
    if any(row.symbol == after.symbol and row.qty for row in state.ledger.positions()):
        raise InUse(f"There is a position in {after.symbol}.")
