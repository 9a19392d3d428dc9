"""What an order would cost and what to know before it goes: the gate's full answer, its price, and warnings.

Beside the order walk: asked by scripts before they place. Nothing is stored, counted or sent.
"""

import msgspec
from msgspec.structs import replace

from workstation.commands.compliance_naming import named
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import refused
from workstation.commands.params import PlaceOrder
from workstation.commands.registry import CommandResult, Invocation
from workstation.domain.errors import NotFound
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, OrdType, ReferencePrice, SubmitOrder
from workstation.domain.verdicts import Verdict
from workstation.orders.validation import unsupported
from workstation.ports.broker import CapabilityCard, SessionState
from workstation.risk.limits import Bound
from workstation.risk.valuation import opposite_side

_WHOLE_BPS = 10_000


class OrderWarning(msgspec.Struct, frozen=True):
    """Something to know before placing: a stable upper-case code, and one sentence."""

    code: str
    text: str


class OrderOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """An order's outlook. bounds: per limit type, the limit that decides.

    value: money in the instrument's currency at the price that the order would take, None when it is not known.
    commission: what the venue would charge, money of the instrument's currency, None when not known.
    margin: change of the margin in use, money of the instrument's currency, + more is used; None when not known.
    """

    verdict: Verdict
    bounds: dict[str, Bound]
    value: int | None
    margin: int | None
    commission: int | None
    warnings: tuple[OrderWarning, ...]


def look_at_order(context: EngineContext, params: PlaceOrder, call: Invocation) -> None:
    """Answer with an order's outlook, or with the refusal of what the venue does not take.

    Raises:
        NotFound: unknown account, symbol or run.
        StateConflict: the run that it is for is not running.
        ValidationError: the terms are wrong in themselves, or the run is on another account.
    """
    terms = params.terms
    if terms.account not in context.state.accounts:
        raise NotFound("account", terms.account)
    instrument = context.state.instruments.get(terms.symbol)
    if instrument is None:
        raise NotFound("instrument", terms.symbol)
    if params.strategy_id:
        context.strategies.admit(params.strategy_id, terms.account)
    command = SubmitOrder(
        cl_ord_id=params.cl_ord_id,
        uid="",
        terms=terms,
        origin=call.origin,
        strategy_id=params.strategy_id,
        allow_duplicate=params.allow_duplicate,
    )
    verdict = context.desk.preview(command)
    results = tuple(named(context, result, terms, params.strategy_id) for result in verdict.results)
    verdict = replace(verdict, results=results)
    broker = context.desk.routes.broker(terms.account)
    card = None if broker is None else broker.capabilities
    unfit = unsupported(terms, instrument, card, now_ns=context.clock.now_ns())
    if unfit is not None:
        call.reply(refused(unfit))
        return
    bounds = context.state.controls.bounds(terms.account, params.strategy_id, terms.symbol)
    reference = context.desk.prices.reference(terms.symbol)
    price = _price(terms, reference)
    found = OrderOutlook(
        verdict=verdict,
        bounds={limit.value: rows[0] for limit, rows in bounds.items()},
        value=None if price is None else instrument.notional(price, terms.order_qty),
        margin=None if price is None else _margin(context, terms, instrument, price),
        commission=None if price is None else _commission(card, terms, instrument, price),
        warnings=_warnings(context, terms, verdict, reference),
    )
    denial = verdict.denial
    call.reply(CommandResult(ok=True, text="" if denial is None else denial.text, data=found))


def _price(terms: OrderTerms, reference: ReferencePrice) -> int | None:
    """Return the price that the order is valued at: its own limit, its trigger, else the side that it would take."""
    if terms.price is not None:
        return terms.price
    return opposite_side(terms, reference) if terms.stop_px is None else terms.stop_px


def _commission(card: CapabilityCard | None, terms: OrderTerms, instrument: Instrument, price: int) -> int | None:
    """Return what the venue's card says that it charges for the whole order."""
    charged = None if card is None or card.fees is None else card.fees.get(instrument.asset_class)
    return None if charged is None else charged.due(instrument, price, terms.order_qty)


def _margin(context: EngineContext, terms: OrderTerms, instrument: Instrument, price: int) -> int:
    held = context.state.ledger.qty(terms.account, terms.symbol)
    after = held + terms.side.sign * terms.order_qty
    added = instrument.notional(abs(price), abs(after) - abs(held))
    return added * context.state.accounts[terms.account].margin_rate_bps // _WHOLE_BPS


def _warnings(
    context: EngineContext, terms: OrderTerms, verdict: Verdict, reference: ReferencePrice
) -> tuple[OrderWarning, ...]:
    found = []
    if verdict.passed and verdict.qty < terms.order_qty:
        found.append(OrderWarning("QUANTITY_CAPPED", "Less would go out, so that the position is not reversed."))
    if not reference.fresh:
        found.append(OrderWarning("STALE_QUOTE", f"The quote is {reference.age_ms} ms old."))
    if _is_marketable(terms, reference):
        found.append(OrderWarning("MARKETABLE_LIMIT", "The limit crosses the market; it would trade at once."))
    venue = context.state.accounts[terms.account].venue
    if context.desk.routes.session(venue) is not SessionState.UP:
        found.append(OrderWarning("NO_SESSION", f"There is no session with {venue}; the order would be refused."))
    return tuple(found)


def _is_marketable(terms: OrderTerms, reference: ReferencePrice) -> bool:
    side = reference.ask if terms.side.sign > 0 else reference.bid
    if terms.ord_type is not OrdType.LIMIT or terms.price is None or side is None or not reference.fresh:
        return False
    return terms.side.sign * (terms.price - side) >= 0
