"""The book of records: every living record by kind and id, and who holds which unique name.

A pure data structure, changed by `RecordSaved` alone. Deleted records leave it; the database keeps them for history.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from workstation.domain.records import BUILT_IN, UNIQUE, AnyRecord, Record, Tenant

R = TypeVar("R", bound=Record)
Name = tuple[str, tuple[str, ...], tuple[object, ...]]
"""Tenant, fields and their values."""


class RecordBook:
    """Living records. `find` and `all` take the tenant: there is no way to ask across tenants but `every`."""

    def __init__(self) -> None:
        self._records: dict[type[Record], dict[str, AnyRecord]] = defaultdict(dict)
        self._names: dict[type[Record], dict[Name, str]] = defaultdict(dict)
        self._counts: Counter[tuple[type[Record], str]] = Counter()
        self.load(())

    def apply(self, record: AnyRecord) -> None:
        """Take a record in place of its earlier version; a deleted one is forgotten."""
        kind, known = type(record), self._records[type(record)]
        before = known.pop(record.id, None)
        names = self._names[kind]
        if before is not None:
            self._counts[kind, before.tenant] -= 1
            for name in names_of(before):
                names.pop(name, None)
        if record.deleted_at is None:
            known[record.id] = record
            self._counts[kind, record.tenant] += 1
            names.update((name, record.id) for name in names_of(record))

    def find(self, kind: type[R], tenant: str, record_id: str) -> R | None:
        """Return a living record of a tenant."""
        found = self._records[kind].get(record_id)
        return found if isinstance(found, kind) and found.tenant == tenant else None

    def count(self, kind: type[Record], tenant: str) -> int:
        """Return how many living records of a kind a tenant has."""
        return self._counts[kind, tenant]

    def all(self, kind: type[R], tenant: str) -> Iterator[R]:
        """Yield a tenant's living records of a kind, in order of their last change."""
        return (record for record in self.every(kind) if record.tenant == tenant)

    def every(self, kind: type[R]) -> Iterator[R]:
        """Yield the living records of a kind in every tenant: for the engine's own bookkeeping, never for a caller."""
        return (record for record in self._records[kind].values() if isinstance(record, kind))

    def holder(self, record: Record) -> str | None:
        """Return the id of another living record that holds a unique name of `record`, None when all are free."""
        names = self._names[type(record)]
        holders = (names.get(name) for name in names_of(record))
        return next((holder for holder in holders if holder not in (None, record.id)), None)

    # Snapshots

    def dump(self) -> list[AnyRecord]:
        """Return all living records, equal for equal states."""
        return sorted((r for known in self._records.values() for r in known.values()), key=lambda record: record.id)

    def load(self, records: Iterable[AnyRecord]) -> None:
        """Take `records` in place of what is held; where they name no tenant, the built-in ones come first."""
        self._records.clear()
        self._names.clear()
        self._counts.clear()
        taken = tuple(records)
        known = any(isinstance(record, Tenant) for record in taken)
        for record in taken if known else (*BUILT_IN, *taken):
            self.apply(record)


def names_of(record: Record) -> tuple[Name, ...]:
    """Return the unique names that a record holds; a rule with an absent value does not bind."""
    found = []
    for fields in UNIQUE.get(type(record), ()):
        values = tuple(_folded(getattr(record, field)) for field in fields)
        if None not in values:
            found.append((record.tenant, fields, values))
    return tuple(found)


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value
