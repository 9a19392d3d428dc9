"""What a ticket starts with: values in layers, the nearer one over the wider, and how much is bought or sold by rule.

Layers: every ticket, the class of the instrument, the symbol, this ticket. A value that no layer names stays as the
ticket has it. The quantity follows the position: one size to open, a target size to add up to, a share to close. All
values are texts as a ticket takes them, so that one file holds for every contract. Qt-free; decides no order.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrdType, Side, TimeInForce
from workstation.viewmodels.ticket_fields import parse_quantity, plain_number
from workstation.viewmodels.ticket_legs import parse_distance

EVERY = "all"
TICKET = "ticket"
_WHOLE = Decimal(100)
_QTY_CHARS = "0123456789.,km"


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of one layer, "" where it names none.

    qty: to open a position; add_to: whole size that an order in the position's direction adds up to; close: share of
    the position that an order against it closes, in percent. stop_loss, take_profit: distances from the entry.
    """

    qty: str = ""
    add_to: str = ""
    close: str = ""
    ord_type: str = ""
    tif: str = ""
    stop_loss: str = ""
    take_profit: str = ""


FIELDS = Preset.__struct_fields__
Presets = Mapping[str, Preset]
"""Presets by scope: `all`, `class.STOCK`, `symbol.AAPL`, and `ticket` for the one ticket that holds it."""


class Value(msgspec.Struct, frozen=True):
    """A value with the layer that gave it, in words."""

    text: str = ""
    layer: str = ""


class RuledQty(msgspec.Struct, frozen=True):
    """A quantity by rule. word: Opening, Adding or Closing; why: the rule and its layer in one sentence."""

    text: str
    word: str
    why: str


def scopes(instrument: Instrument | None) -> dict[str, str]:
    """Return the scopes of an instrument's presets with their names, widest first."""
    found = {EVERY: "every ticket"}
    if instrument is not None:
        found[f"class.{instrument.asset_class}"] = f"class {instrument.asset_class}"
        found[f"symbol.{instrument.symbol}"] = f"symbol {instrument.symbol}"
    return {**found, TICKET: "this ticket"}


def value(presets: Presets, instrument: Instrument | None, field: str) -> Value:
    """Return the value of the nearest layer that names one."""
    for scope, words in reversed(scopes(instrument).items()):
        text = getattr(presets[scope], field) if scope in presets else ""
        if text:
            return Value(text, words)
    return Value()


def problem(field: str, text: str) -> str:
    """Return why a text cannot be a preset's value, "" where it can; an empty one names no value."""
    body = text.strip()
    try:
        if not body:
            return ""
        if field in ("qty", "add_to"):
            return "" if set(body.lower()) <= set(_QTY_CHARS) else "a quantity such as 300, 2k or 1.5m"
        if field == "close":
            return "" if 0 < _share(body) <= _WHOLE else "a share of the position above 0 % and up to 100 %"
        if field == "ord_type":
            return "" if body in {kind.value for kind in OrdType} else f"one of {', '.join(OrdType)}"
        if field == "tif":
            return "" if body in {tif.value for tif in TimeInForce} else f"one of {', '.join(TimeInForce)}"
        return _distance_problem(field, body)
    except ValidationError as error:
        return error.allowed or error.message


def ruled_quantity(presets: Presets, instrument: Instrument, side: Side, held: int, size: int) -> RuledQty:
    """Return the quantity of an order of this side beside a position.

    held: signed, in quantity units; size: the chosen size in whole units, which opens where no layer says another.
    """
    if held and held * side.sign > 0:
        target = value(presets, instrument, "add_to")
        if target.text:
            return _adding(target, instrument, abs(held))
    elif held:
        share = value(presets, instrument, "close")
        if share.text:
            return _closing(share, instrument, abs(held))
    opening = value(presets, instrument, "qty")
    if opening.text:
        return RuledQty(opening.text, "Opening", f"{opening.text} to open, preset of {opening.layer}.")
    return RuledQty(str(size), "Quantity", f"{size}, the size chosen on keys 1 to 5.")


def _adding(target: Value, instrument: Instrument, held: int) -> RuledQty:
    try:
        missing = max(parse_quantity(target.text, instrument) - held, 0)
    except ValidationError:
        return RuledQty("", "Adding", f"{target.text} (preset of {target.layer}) is no quantity of this contract.")
    why = f"Adds up to {target.text}, {instrument.qty_text(held)} held; preset of {target.layer}."
    return RuledQty(_lots(missing, instrument), "Adding", why)


def _closing(share: Value, instrument: Instrument, held: int) -> RuledQty:
    part = int(held * _share(share.text) / _WHOLE)
    why = f"Closes {share.text.rstrip(' %')} % of {instrument.qty_text(held)}; preset of {share.layer}."
    return RuledQty(_lots(part, instrument), "Closing", why)


def _lots(qty: int, instrument: Instrument) -> str:
    """Return a quantity rounded down to the lot, as text."""
    return instrument.qty_text(qty // instrument.lot * instrument.lot)


def _share(text: str) -> Decimal:
    return Decimal(plain_number(text.strip().removesuffix("%").strip(), "close", "a share such as 50%"))


def _distance_problem(field: str, body: str) -> str:
    """Return what a distance must be; any three letters may name the currency, since the file serves every contract."""
    currency = body[-3:] if body[-3:].isalpha() else "USD"
    return "" if parse_distance(body, currency, field=field) else "a distance such as 20t, 0.5% or 100 USD"
