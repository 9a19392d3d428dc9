"""Lines of the log panel: log rows and notices as one kind of line, and the filter over them. Qt-free."""

import re
from collections.abc import Container
from datetime import UTC, datetime

import msgspec

from workstation.viewmodels.frames import LogRow, Notice


class LogLine(msgspec.Struct, frozen=True):
    """One line: time of day (UTC), level and text with control characters escaped. order: the one it is about."""

    at: str
    level: str
    text: str
    order: str = ""


def line_of(row: LogRow | Notice) -> LogLine:
    """Return the line of a log row or notice."""
    if isinstance(row, Notice):
        moment = datetime.fromtimestamp(row.ts / 1e9, UTC)
        return LogLine(f"{moment:%H:%M:%S.%f}"[:12], row.level, _one_line(row.text), row.cl_ord_id)
    return LogLine(row.at[11:23], row.level, _one_line(f"{row.event} {row.fields}".strip()))


def matches(line: LogLine, text: str) -> bool:
    """Tell whether every word of the filter stands in the line's level or text, without regard to case."""
    haystack = f"{line.level} {line.text}".lower()
    return all(word in haystack for word in text.lower().split())


def order_named(text: str, orders: Container[str]) -> str:
    """Return the first order that a line names by its client order id, "" for none."""
    return next((word for word in re.findall(r"[\w-]+", text) if word in orders), "")


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode() for ch in text)
