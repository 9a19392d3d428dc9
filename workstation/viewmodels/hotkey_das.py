"""Keys of DAS Trader files: the plain subset becomes binds, all disabled; every other line is listed with its reason.

A line of such a file reads `KEY:NAME:SCRIPT`, the script a list of `NAME=VALUE` and commands parted by semicolons. Only
texts: it opens no file. A script that asks for anything beyond the subset is not mapped at all, since half of what a
key does is not what its owner means.
"""

import re
from decimal import Decimal

import msgspec

from workstation.domain.errors import ValidationError
from workstation.viewmodels.hotkey_binds import parse_keys

LINES_MAX = 500
_TICK = Decimal("0.01")
"""Step that offsets in money are counted in: the files are for shares, which trade in cents."""
_PRICE = re.compile(r"(ask|bid|last)(?:([+-])(\d*\.?\d+))?", re.IGNORECASE)
_SHARE_OF_POSITION = re.compile(r"pos(?:\*(0?\.\d+|1(?:\.0+)?))?", re.IGNORECASE)
_TIFS = {"DAY": "DAY", "DAY+": "DAY", "IOC": "IOC", "GTC": "GTC", "FOK": "FOK"}
_SIDES = {"BUY": "buy_limit", "SELL": "sell_limit"}
_CANCELS = {"CXL": "cancel_last", "CXL ALLSYMB": "cancel_focus", "CXL ALL": "cancel_all"}
_IGNORED = frozenset({"ROUTE"})
"""Assignments that say where, not what; the venue is chosen by the account here."""


class Unmapped(msgspec.Struct, frozen=True):
    """A line that was left out. line: in the file, from 1."""

    line: int
    text: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}: {self.text}"


class Imported(msgspec.Struct, frozen=True):
    """What came of a file: the text of a key file, how many binds it holds, and the lines that were left out."""

    text: str
    binds: int
    unmapped: tuple[Unmapped, ...]


class _NotMapped(Exception):
    """Carries the reason; never leaves this module."""


def import_das(text: str) -> Imported:
    """Return the binds of a DAS key file as the text of a key file, every one disabled."""
    blocks: list[str] = []
    left: list[Unmapped] = []
    lines = text.splitlines()
    left += [Unmapped(LINES_MAX + 1, "", f"more than {LINES_MAX} lines")] if len(lines) > LINES_MAX else []
    for number, line in enumerate(lines[:LINES_MAX], start=1):
        if not line.strip() or line.lstrip().startswith(("#", "//")):
            continue
        try:
            blocks.append(_bind(line.strip(), number))
        except _NotMapped as reason:
            left.append(Unmapped(number, line.strip(), str(reason)))
        except ValidationError as error:
            left.append(Unmapped(number, line.strip(), f"the key is not taken here: {error}"))
    head = 'version = 1\nprofile = "das"\n\n[defaults]\nqty = "preset"\ntif = "DAY"\ncollar = "25t"\n'
    return Imported("\n".join([head, *blocks]), len(blocks), tuple(left))


def _bind(line: str, number: int) -> str:
    key, colon, rest = line.partition(":")
    name, second, script = rest.partition(":")
    if not colon or not second:
        raise _NotMapped("expected KEY:NAME:SCRIPT")
    keys = " ".join(parse_keys(key.strip())).replace("\\", "\\\\")
    fields = _script([part.strip() for part in re.split(r"[;~]", script) if part.strip()])
    shown = re.sub(r"[^\w ]", "", name).strip()
    lines = ["[[bind]]", f'id = "das_{number}"', f'keys = "{keys}"', "enabled = false"]
    if shown:
        lines.insert(0, f"# {shown}")
    return "\n".join([*lines, *(f"{field} = {value}" for field, value in fields.items()), ""])


def _script(parts: list[str]) -> dict[str, str]:
    """Return a bind's fields as TOML values.

    Raises:
        _NotMapped: the script is no part of the subset.
    """
    if len(parts) == 1 and parts[0].upper() in _CANCELS:
        return {"do": f'"{_CANCELS[parts[0].upper()]}"'}
    said: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip().upper()
        if not equals:
            raise _NotMapped(f"{part!r} has no counterpart")
        if name in said:
            raise _NotMapped(f"{name} is said twice")
        said[name] = value.strip()
    sides = [name for name in said if name in _SIDES]
    if len(sides) != 1 or said[sides[0]].upper() != "SEND":
        raise _NotMapped("expected exactly one of BUY=Send, SELL=Send")
    for name in said:
        if name not in {"PRICE", "SHARE", "TIF", *_IGNORED, *sides}:
            raise _NotMapped(f"{name} has no counterpart")
    return _order(sides[0], said)


def _order(side: str, said: dict[str, str]) -> dict[str, str]:
    share = _SHARE_OF_POSITION.fullmatch(said.get("SHARE", ""))
    if share is not None:
        portion = Decimal(share.group(1) or 1) * 100
        return {"do": '"exit"', "portion": f'"{portion.normalize():f}%"'}
    fields = {"do": f'"{_SIDES[side]}"', "price": _price(said.get("PRICE", ""))}
    if "SHARE" in said and said["SHARE"].upper() != "DEFSHARE":
        if not said["SHARE"].isdecimal():
            raise _NotMapped(f"Share={said['SHARE']} has no counterpart")
        fields["qty"] = str(int(said["SHARE"]))
    tif = said.get("TIF", "DAY").upper()
    if tif not in _TIFS:
        raise _NotMapped(f"TIF={tif} has no counterpart")
    return fields | {"tif": f'"{_TIFS[tif]}"'}


def _price(text: str) -> str:
    found = _PRICE.fullmatch(text.replace(" ", ""))
    if found is None:
        raise _NotMapped(f"Price={text} has no counterpart" if text else "no price: market orders are not mapped")
    name, sign, offset = found.group(1).lower(), found.group(2), found.group(3)
    if not offset:
        return f'"{name}"'
    ticks = Decimal(offset) / _TICK
    if ticks != ticks.to_integral_value():
        raise _NotMapped(f"an offset of {offset} is no whole number of ticks of {_TICK}")
    return f'"{name} {sign} {int(ticks)}t"'
