"""What was changed on a strategy, one value a row: when, by whom, which, from what to what.

Beside both walks. Reads what `strategy.changes` answered; changes nothing.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from workstation.domain.strategy_rows import FieldChange, StrategyChange
from workstation.viewmodels.columns import Column, ColumnKind, ColumnTable
from workstation.viewmodels.formats import MISSING, exact_time

HASH_SHOWN = 12


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One value that one save changed. place: among the values of that save."""

    save: StrategyChange
    change: FieldChange
    place: int


class StrategyHistory:
    """The history of one strategy, the newest save first."""

    def __init__(self) -> None:
        self.table: ColumnTable[ChangeRow] = ColumnTable(_columns(), lambda row: f"{row.save.id} {row.place}")
        self.table.sort_by([("when", True)])

    def take(self, saves: Sequence[StrategyChange]) -> None:
        """Show these saves and no others."""
        rows = [
            ChangeRow(save=save, change=row, place=place) for save in saves for place, row in enumerate(save.changes)
        ]
        keys = {f"{row.save.id} {row.place}" for row in rows}
        shown = [self.table.row(number) for number in range(self.table.total)]
        self.table.remove([key for row in shown if (key := f"{row.save.id} {row.place}") not in keys])
        self.table.upsert(rows)


def actor_words(actor: str) -> str:
    """Return who changed it and by which door, of an actor as the journal writes it."""
    door, _, who = actor.partition(":")
    return f"{who} ({door.replace('_', ' ').lower()})" if who else door


def value_words(field: str, value: Any) -> str:
    """Return a value as it was typed, a hash by its first digits, nothing as a dash."""
    if value is None or value == "":
        return MISSING
    if field == "approved_code":
        return str(value)[:HASH_SHOWN]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _columns() -> tuple[Column[ChangeRow], ...]:
    code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT

    def when(row: ChangeRow) -> str:
        return exact_time(row.save.created_at)[5:19].replace("T", " ")

    def who(row: ChangeRow) -> str:
        return actor_words(row.save.actor)

    def what(row: ChangeRow) -> str:
        return row.change.field.removeprefix("parameters.").replace("_", " ")

    def old(row: ChangeRow) -> str:
        return value_words(row.change.field, row.change.old)

    def new(row: ChangeRow) -> str:
        return value_words(row.change.field, row.change.new)

    return (
        Column("when", "Changed, UTC", number, lambda r: r.save.created_at, when, width=14, fixed=True,
               exact=lambda r: exact_time(r.save.created_at)),
        Column("who", "By", code, who, who, width=14, fixed=True, hint="Who changed it, and by which door"),
        Column("what", "What", code, what, what, width=14, fixed=True, hint="Parameter, or field of the strategy"),
        Column("old", "Before", text, old, old, width=10, fixed=True, hover=old),
        Column("new", "After", text, new, new, width=10, fixed=True, hover=new),
        Column("version", "Edition", number, lambda r: r.save.version, lambda r: str(r.save.version), right=True,
               width=7, fixed=True, hidden=True, hint="Version of the record after it"),
    )  # fmt: skip
