"""Overrides: a person's leave for one order to pass one limit, and what of them is unused.

Order walk, inside the gate: a limit that refuses is passed over once for an order of the override's account, and of its
symbol where it names one, until it expires. Folded from the saves of their records; the order that used one is saved
with it in one transaction, so that no restart and no other door can use it again.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from workstation.domain.events import RecordSaved
from workstation.domain.orders import OrderTerms
from workstation.domain.records import RiskOverride

BY_GATE = "risk"
"""Actor of an override's use."""


class Overrides:
    """Every override that is not used yet, oldest first. Expired ones leave with the next save."""

    def __init__(self) -> None:
        self._unused: dict[str, RiskOverride] = {}

    def apply(self, record: RiskOverride) -> None:
        """Take a save in."""
        self._unused = {key: row for key, row in self._unused.items() if row.expires_at > record.updated_at}
        if record.used_at is None and record.deleted_at is None:
            self._unused[record.id] = record
        else:
            self._unused.pop(record.id, None)

    def find(self, limit_id: str, terms: OrderTerms, now_ns: int) -> RiskOverride | None:
        """Return the oldest override of a limit that an order of these terms may use now. now_ns: UTC ns."""
        return next(
            (
                row
                for row in self._unused.values()
                if row.limit_id == limit_id
                and row.account == terms.account
                and row.symbol in ("", terms.symbol)
                and row.expires_at > now_ns
            ),
            None,
        )

    def used(self, ids: Iterable[str], order_id: str, ts: int) -> list[RecordSaved]:
        """Return the saves that mark overrides as used by an order, for the transaction of its acceptance."""
        rows = [self._unused[key] for key in ids]
        return [
            RecordSaved(
                record=replace(row, used_at=ts, order_id=order_id, updated_at=ts, row_version=row.row_version + 1),
                changed=("used_at", "order_id"),
                actor=BY_GATE,
                ts=ts,
            )
            for row in rows
        ]

    def clear(self) -> None:
        """Forget everything, before a snapshot's records are taken in."""
        self._unused.clear()
