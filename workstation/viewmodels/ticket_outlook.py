"""What an order would do, and whether the ticket may send it: the lines under the preview, and the state of the data.

Last look before the gate. Notional and position are computed from the screen; the class, the nearest limit and a
refusal come from the gate's own preview, in its own words. Qt-free.
"""

import re
from collections.abc import Sequence

import msgspec

from workstation.domain.accounts import Environment
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import format_money
from workstation.domain.orders import OrderState, OrderTerms, RiskClass
from workstation.domain.verdicts import RuleResult, Verdict
from workstation.ports.broker import CapabilityCard
from workstation.viewmodels.formats import MISSING
from workstation.viewmodels.frames import AccountSnap, PositionSnap, QuoteSnap, StatusSnap
from workstation.viewmodels.open_profit import risk_text
from workstation.viewmodels.ticket import Reading, entry_price
from workstation.viewmodels.ticket_venue import residence_words

_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?", re.ASCII)


class Costs(msgspec.Struct, frozen=True):
    """What the engine says an order costs, money of the instrument's currency; None when not known.

    margin: change of the margin in use, + more is used. unfit: why the venue does not take it, "" when it does.
    """

    margin: int | None = None
    commission: int | None = None
    unfit: str = ""


NO_COSTS = Costs()
APART = " · "
"""What stands between two parts of a line."""
DISARMED = "Disarmed: exits only. Ctrl+F12 arms."


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """Texts under the preview line. refusal: what the gate would say now, "" when it would pass."""

    notional: str = MISSING
    costs: str = MISSING
    legs: str = MISSING
    position: str = MISSING
    limit: str = MISSING
    residence: str = MISSING
    refusal: str = ""
    reduces: bool = False


class TicketState(msgspec.Struct, frozen=True):
    """State of data and account beside the fields. role: a role of the style sheet; can_send: False only stages."""

    text: str = ""
    role: str = "muted"
    can_send: bool = True


def outlook(
    reading: Reading,
    instrument: Instrument,
    *,
    quote: QuoteSnap | None,
    held: PositionSnap | None,
    working: Sequence[OrderState],
    verdict: Verdict | None,
    costs: Costs = NO_COSTS,
    usual_qty: int = 0,
    buying_power: int | None = None,
    card: CapabilityCard | None = None,
) -> Outlook:
    """Return what the order would do. verdict, costs: the engine's preview of exactly this order, None while asked.

    usual_qty: the preset in quantity units, 0 for none; buying_power: money of the account, None when not known;
    card: what the venue takes.
    """
    terms = reading.terms
    if terms is None:
        return Outlook()
    denial = None if verdict is None else verdict.denial
    return Outlook(
        notional=_notional(terms, instrument, quote) + _times_usual(terms, usual_qty),
        costs=_costs(costs, instrument, buying_power, asked=verdict is None and not costs.unfit),
        legs=_legs(reading, instrument, quote),
        position=_position(terms, instrument, held, working),
        limit=_limit(verdict),
        residence=_residence(reading, card),
        refusal=costs.unfit if denial is None else denial.text,
        reduces=verdict is not None and verdict.risk_class is RiskClass.REDUCE,
    )


def in_less_room(text: str, currency: str) -> tuple[str, ...]:
    """Return what a line of the outlook says in ever less room: its currency once, then without its last parts."""
    parts = text.split(APART)
    forms = (_naming_once(parts[:count], f" {currency}") for count in range(len(parts), 0, -1))
    return tuple(form for form in forms if form != text)


def _naming_once(parts: list[str], unit: str) -> str:
    """Return parts of a line, of which only the last one that has the unit names it."""
    named = [number for number, part in enumerate(parts) if unit in part]
    return APART.join(part.replace(unit, "") if number in named[:-1] else part for number, part in enumerate(parts))


def ticket_state(
    symbol: str, quote: QuoteSnap | None, status: StatusSnap | None, account: AccountSnap | None, opens: str = ""
) -> TicketState:
    """Return what a person must know before sending, gravest first. opens: when the market does, "" if not known."""
    if status is not None and status.venue_state != "UP" and status.storage_trouble:
        return TicketState(status.storage_trouble, "danger", can_send=False)
    if status is not None and status.storage_trouble:
        return TicketState(f"Storage: {status.storage_trouble}. Only exits are sent.", "danger")
    if status is not None and status.venue_state != "UP":
        return TicketState(
            f"Venue link {status.venue_state}: nothing sent; orders can be prepared.", "danger", can_send=False
        )
    if account is not None and account.lockout:
        return TicketState(f"{account.lockout} Orders that reduce still work.", "danger")
    if quote is None or quote.freshness == "ABSENT":
        return TicketState(f"No quote of {symbol}: type the price; new risk is refused.", "warning")
    if quote.phase is SessionPhase.HALTED:
        return TicketState(f"{symbol} is halted: new risk is refused.", "danger")
    if quote.phase is SessionPhase.CLOSED:
        until = opens and f" until {opens}"
        return TicketState(f"Market closed{until}: limit orders wait at the venue for the next opening.", "warning")
    if quote.freshness == "STALE":
        cause = f" ({quote.reason})" if quote.reason else ""
        return TicketState(f"New risk refused: quote {age_text(quote.age_ms)} old{cause}.", "warning")
    if status is not None and status.armed is None:
        return TicketState(DISARMED, "muted")
    if status is not None and status.armed is Environment.LIVE:
        return TicketState("Armed LIVE: orders are real.", "warning")
    return TicketState()


def age_text(age_ms: int) -> str:
    """Return an age as `40 ms` or `7.3 s`."""
    return f"{age_ms} ms" if age_ms < 1_000 else f"{age_ms / 1_000:.1f} s"


def nearest_limit(verdict: Verdict) -> RuleResult | None:
    """Return the passed rule with the smallest share of its limit left."""
    rated = [(share, result) for result in verdict.results if (share := _share_left(result)) is not None]
    return min(rated, key=lambda pair: pair[0])[1] if rated else None


def _share_left(result: RuleResult) -> float | None:
    limit, left = _NUMBER.search(result.limit), _NUMBER.search(result.headroom)
    if not result.passed or limit is None or left is None:
        return None
    size = float(limit.group().replace(",", ""))
    return float(left.group().replace(",", "")) / size if size else None


def _limit(verdict: Verdict | None) -> str:
    if verdict is None:
        return "asking…"
    if verdict.denial is not None:
        return verdict.denial.code.replace("_", " ").lower()
    result = nearest_limit(verdict)
    if result is None:
        return "none set"
    return f"{result.headroom} of {result.limit} left: {result.code.replace('_', ' ').lower()}"


def _notional(terms: OrderTerms, instrument: Instrument, quote: QuoteSnap | None) -> str:
    price = terms.price if terms.price is not None else terms.stop_px
    about = "" if price is not None else "≈ "
    if price is None and quote is not None:
        price = quote.ask if terms.side.sign > 0 else quote.bid
    if price is None:
        return MISSING
    return f"{about}{format_money(instrument.notional(price, terms.order_qty), grouping=True)} {instrument.currency}"


def _times_usual(terms: OrderTerms, usual_qty: int) -> str:
    """Return how many times the usual size this is, where it is another."""
    if usual_qty <= 0 or terms.order_qty == usual_qty:
        return ""
    return f" · {terms.order_qty / usual_qty:,.3g} × your usual size"


def _costs(costs: Costs, instrument: Instrument, buying_power: int | None, *, asked: bool) -> str:
    """Return fees, the change of margin and what buying power there is."""
    if asked:
        return "asking…"
    fees = "fees not known" if costs.commission is None else f"fees {_money(costs.commission, instrument)}"
    sign = "+" if (costs.margin or 0) > 0 else ""
    margin = "margin not known" if costs.margin is None else f"margin {sign}{_money(costs.margin, instrument)}"
    power = "" if buying_power is None else f" · buying power {format_money(buying_power, grouping=True)}"
    return f"{fees} · {margin}{power}"


def _legs(reading: Reading, instrument: Instrument, quote: QuoteSnap | None) -> str:
    """Return the money at the stop and at the target, and how many R the target is: multiples of the stop's loss."""
    terms = reading.terms
    entry = None if terms is None else entry_price(terms, quote)
    if terms is None or entry is None:
        return MISSING
    worth = [
        None
        if price is None
        else (instrument.notional(price, terms.order_qty) - instrument.notional(entry, terms.order_qty))
        * terms.side.sign
        for price in (reading.stop_loss_px, reading.take_profit_px)
    ]
    loss, gain = worth
    parts = [f"stop {_money(loss, instrument)}"] if loss is not None else []
    if gain is not None:
        in_risk = f" ({risk_text(gain, -loss)})" if loss is not None and loss < 0 else ""
        parts.append(f"target +{_money(gain, instrument)}{in_risk}")
    return " · ".join(parts) or "no stop, no target"


def _money(amount: int, instrument: Instrument) -> str:
    return f"{format_money(amount, grouping=True)} {instrument.currency}".replace("-", "−")


def _position(
    terms: OrderTerms, instrument: Instrument, held: PositionSnap | None, working: Sequence[OrderState]
) -> str:
    now = 0 if held is None else held.position.qty
    after = now + terms.side.sign * terms.order_qty
    text = f"{_signed(now, instrument)} → {_signed(after, instrument)}"
    live = sum(order.terms.side.sign * order.leaves_qty for order in working)
    return f"{text} · {_signed(after + live, instrument)} if all fill" if live else text


def _residence(reading: Reading, card: CapabilityCard | None) -> str:
    if reading.terms is None:
        return MISSING
    stop_loss, take_profit = reading.stop_loss_px is not None, reading.take_profit_px is not None
    words = residence_words(reading.terms, card, stop_loss=stop_loss, take_profit=take_profit)
    return f"{words} · the link of the pair PC" if reading.oco is not None else words


def _signed(qty: int, instrument: Instrument) -> str:
    return ("+" if qty > 0 else "−" if qty < 0 else "") + instrument.qty_text(abs(qty))
