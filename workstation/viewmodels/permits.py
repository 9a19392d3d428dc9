"""Live permits in words: the caps as a person types them, and what is left of one. Beside both walks; reads alone."""

from collections.abc import Mapping, Sequence

import msgspec

from workstation.domain.errors import UserError, ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, parse_scaled, rescale
from workstation.domain.records import LivePermit
from workstation.risk.permits import CAPS, DAY, ORDER, POSITION, PermitUse, cap_of
from workstation.viewmodels.formats import MISSING, age, grouped

PERMIT_HOURS = {"1 h": 1, "8 h": 8, "24 h": 24, "5 d": 120}
"""How long a permit for live accounts lasts, as a person chooses it."""

CAP_WORDS = {ORDER: "An order", DAY: "A day", POSITION: "A position"}
"""What a cap bounds, where there is little room; in the order in which they stand."""


class PermitHolder(msgspec.Struct, frozen=True):
    """A script's key or a strategy by its name, the permit it has, and what is used of that; None for none known."""

    name: str
    permit: LivePermit | None
    use: PermitUse | None = None


def caps_of(typed: Mapping[str, str]) -> dict[str, str]:
    """Return the caps that were typed, by name, thousands ungrouped; an empty one is no cap.

    Raises:
        ValidationError: one of them is no amount above 0; its field is the cap's name.
    """
    found = {}
    for name, text in typed.items():
        amount = text.replace(",", "").strip()
        if not amount:
            continue
        try:
            value = parse_scaled(amount, MONEY_DECIMALS, field=name)
        except UserError:
            value = 0
        if value <= 0:
            raise ValidationError(name, f"{text} is no amount", allowed="money above 0, or nothing for no cap")
        found[name] = amount
    return found


def is_in_force(permit: LivePermit | None, now_ns: int) -> bool:
    """Tell whether a permit lets its holder add risk now."""
    return permit is not None and permit.expires_at > now_ns


def permit_words(permit: LivePermit | None, use: PermitUse | None, now_ns: int) -> str:
    """Return how long a permit lasts and what is used and left of its caps, a line each; "" for none in force."""
    if permit is None or not is_in_force(permit, now_ns):
        return ""
    lines = [f"Adds risk on live accounts for {age(permit.expires_at - now_ns)} more"]
    if not permit.caps:
        lines.append("No caps of its own; the account's limits bind")
    return "\n".join([*lines, *(_cap_words(name, permit.caps[name], use) for name in CAP_WORDS if name in permit.caps)])


def holders_words(holders: Sequence[PermitHolder], now_ns: int) -> str:
    """Return `permit_words` of one holder; of several a line each, which begins with the name."""
    if len(holders) == 1:
        return permit_words(holders[0].permit, holders[0].use, now_ns)
    told = [(holder.name, permit_words(holder.permit, holder.use, now_ns)) for holder in holders]
    return "\n".join(f"{name}: {'; '.join(words.splitlines())}" for name, words in told if words)


def _cap_words(name: str, amount: str, use: PermitUse | None) -> str:
    cap, currency = cap_of(name, amount), "" if use is None else use.currency
    if cap is None:
        return f"{CAP_WORDS[name]}: its cap cannot be read; nothing goes out"
    limit = f"{CAP_WORDS[name]} ≤ {_money(cap)} {currency}".rstrip()
    if name == ORDER:
        return limit
    used = None if use is None else use.of(name)
    if used is None:
        return f"{limit}, {MISSING} used, {MISSING} left"
    return f"{limit}, {_money(used)} used, {_money(max(cap - used, 0))} left"


def cap_meaning(name: str) -> str:
    """Return what a cap's field is for."""
    return f"Most {CAPS[name]} under the permit, in the account's currency; empty for no cap of its own"


def _money(amount: int) -> str:
    return grouped(format_scaled(rescale(amount, MONEY_DECIMALS, 2), 2, keep=2))
