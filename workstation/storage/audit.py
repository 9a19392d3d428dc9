"""The audit chain in the database: its links are given at commit by the journal thread, and walked again to verify.

One chain a tenant. The single writer holds the newest link of each in memory; entries join in the order in which their
effects are committed. Decides nothing about who may write or read one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy import text as sql

from workstation.domain.audit import FIRST_HASH, AuditEntry, hash_of, linked
from workstation.domain.errors import StorageDamaged
from workstation.domain.events import AuditNoted, decode_event
from workstation.ports.store import AuditVerification
from workstation.storage.tables import audit_entries, chain_anchors, journal

AUDIT_CHAIN = "audit:"
"""Before a tenant's key, the name of its chain among the anchors."""

CHUNK_ENTRIES = 1_000
"""Entries read at once while a chain is walked."""

AUDIT_COLUMNS = (
    "tenant_id", "sequence", "id", "created_at", "user_id", "action", "resource_type", "resource_id", "request_id",
    "actor_kind", "outcome", "seq", "state",
)  # fmt: skip
_encode = msgspec.json.Encoder().encode
decode_entry = msgspec.json.Decoder(AuditEntry).decode

Link = tuple[int, str]
"""Sequence and hash of an entry."""


class AuditChain:
    """The newest link of each tenant's chain; belongs to the writer."""

    def __init__(self, newest: Iterable[tuple[str, Link]] = ()) -> None:
        self._newest: dict[str, Link] = dict(newest)

    @classmethod
    def of(cls, engine: Engine) -> "AuditChain":
        """Return the chain as the database ends it.

        Raises:
            StorageDamaged: a newest entry cannot be read, so that nothing can follow it.
        """
        with engine.connect() as connection:
            return cls(newest_links(connection).items())

    def link(self, entry: AuditEntry) -> AuditEntry:
        """Return the entry as the next link of its tenant's chain."""
        sequence, prev_hash = self._newest.get(entry.tenant, (0, FIRST_HASH))
        placed = linked(entry, sequence + 1, prev_hash)
        self._newest[entry.tenant] = (placed.sequence, placed.entry_hash)
        return placed


def audit_row(seq: int, entry: AuditEntry) -> tuple[Any, ...]:
    """Return the parameters of AUDIT_COLUMNS."""
    return (
        entry.tenant,
        entry.sequence,
        entry.id,
        entry.ts,
        entry.user_id,
        entry.action.value,
        entry.resource_type,
        entry.resource_id,
        entry.request_id,
        entry.actor_kind.value,
        entry.outcome.value,
        seq,
        _encode(entry),
    )


def verify_chain(connection: Connection, tenant: str, head: Link | None = None) -> AuditVerification:
    """Walk a chain from its first entry, or from the anchor that retention left; stops at the first broken link.

    head: a link that is remembered elsewhere; a chain that ends before it was cut off. So is one that lacks the entry
    of a later line of the journal.
    """
    cut_off = _lacks_noted(connection, tenant)
    last, last_hash = anchored(connection).get(tenant, (0, FIRST_HASH))
    entries, first, broken = 0, 0, None
    for entry in _entries(connection, tenant, last):
        if (
            entry is None
            or entry.sequence != last + 1
            or entry.prev_hash != last_hash
            or entry.entry_hash != hash_of(entry)
            or (head is not None and entry.sequence == head[0] and entry.entry_hash != head[1])
        ):
            broken = last + 1
            break
        entries, first, last, last_hash = entries + 1, first or entry.sequence, entry.sequence, entry.entry_hash
    if broken is None and (cut_off or (head is not None and last < head[0])):
        broken = last + 1
    return AuditVerification(
        entries=entries, first_sequence=first, last_sequence=last, last_hash=last_hash, first_broken=broken
    )


def _lacks_noted(connection: Connection, tenant: str) -> bool:
    """Tell whether the journal notes an entry after the newest one that is there: its tail was cut off.

    An entry is committed with its line, so that a line that can be seen has its entry. Where retention took all entries
    nothing is known of them.
    """
    entries, lines = audit_entries.c, journal.c
    newest = connection.execute(select(func.max(entries.seq)).where(entries.tenant_id == tenant)).scalar()
    if newest is None and tenant in anchored(connection):
        return False
    later = select(lines.seq, lines.payload).where(lines.seq > (newest or 0), lines.kind == AuditNoted.__name__)
    for seq, payload in connection.execute(later.order_by(lines.seq)):
        noted = decode_event(bytes(payload))
        if isinstance(noted, AuditNoted) and noted.tenant == tenant:
            found = select(entries.seq).where(entries.tenant_id == tenant, entries.seq == seq)
            return connection.execute(found).first() is None
    return False


def anchored(connection: Connection) -> Mapping[str, Link]:
    """Return by tenant the last link that retention took."""
    chain = chain_anchors.c.chain
    rows = connection.execute(select(chain_anchors).where(chain.startswith(AUDIT_CHAIN)))
    return {row.chain.removeprefix(AUDIT_CHAIN): (row.sequence, row.hash) for row in rows}


def newest_links(connection: Connection) -> Mapping[str, Link]:
    """Return by tenant the end of its chain.

    Raises:
        StorageDamaged: a newest entry cannot be read, so that nothing can follow it.
    """
    ends = {entry.tenant: (entry.sequence, entry.entry_hash) for entry in last_entries(connection, "audit_entries")}
    return {**anchored(connection), **ends}


def last_entries(connection: Connection, source: str) -> list[AuditEntry]:
    """Return the last entry of each tenant among some. source: a table and perhaps a condition, as SQL.

    Raises:
        StorageDamaged: one of them cannot be read.
    """
    ends = sql(f"SELECT tenant_id, max(sequence) FROM {source} GROUP BY tenant_id")  # noqa: S608  names are ours
    return [_entry(connection, tenant, sequence) for tenant, sequence in connection.execute(ends).all()]


def link_hash(connection: Connection, tenant: str, sequence: int) -> str | None:
    """Return the hash of one entry as its content gives it, None where there is none that can be read."""
    table = audit_entries.c
    statement = select(audit_entries).where(table.tenant_id == tenant, table.sequence == sequence)
    row = connection.execute(statement).first()
    entry = None if row is None else _checked(row)
    return None if entry is None else hash_of(entry)


def _entries(connection: Connection, tenant: str, after: int) -> Iterator[AuditEntry | None]:
    """Yield a chain in order, None for an entry that cannot be read or whose columns differ from it."""
    table = audit_entries.c
    while True:
        statement = select(audit_entries).where(table.tenant_id == tenant, table.sequence > after)
        rows = connection.execute(statement.order_by(table.sequence).limit(CHUNK_ENTRIES)).all()
        for row in rows:
            yield _checked(row)
            after = row.sequence
        if len(rows) < CHUNK_ENTRIES:
            return


def _checked(row: Any) -> AuditEntry | None:
    try:
        entry = decode_entry(bytes(row.state))
    except msgspec.DecodeError:
        return None
    shown = audit_row(row.seq, entry)[:-1]
    return entry if shown == tuple(getattr(row, name) for name in AUDIT_COLUMNS[:-1]) else None


def _entry(connection: Connection, tenant: str, sequence: int) -> AuditEntry:
    table = audit_entries.c
    statement = select(audit_entries.c.state).where(table.tenant_id == tenant, table.sequence == sequence)
    blob = connection.execute(statement).scalar_one()
    try:
        return decode_entry(blob)
    except msgspec.DecodeError as error:
        raise StorageDamaged(f"audit entry {sequence} of {tenant} cannot be read") from error
