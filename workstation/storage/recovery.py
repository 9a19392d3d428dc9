"""The reading side of a start: newest valid snapshot, then the tail, every link of the chain verified.

First steps of the one recovery path; there is no clean-shutdown path beside it. Reads only.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, Select, inspect, select

from workstation.domain.errors import StorageDamaged
from workstation.ports.store import JournalLine, Snapshot
from workstation.storage.audit import Link, anchored, link_hash, newest_links
from workstation.storage.chain import GENESIS, line_of, verified
from workstation.storage.tables import JOURNAL_CHAIN, chain_anchors, journal, snapshots

CHUNK_LINES = 2_000
"""Lines read at once; a replay holds no more than this many."""

TAIL_LINES = 1_000
"""Lines at the end of the chain that every start verifies."""

_LINE = [journal.c[name] for name in journal.c.keys()]  # noqa: SIM118  a column collection iterates over columns


class SqlRecovery:
    """Implements `ports.store.Recovery`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot whose hash verifies and whose line exists; older ones stand in for broken ones."""
        statement = select(snapshots.c.seq).order_by(snapshots.c.seq.desc())
        with self._engine.connect() as connection:
            sequences = connection.execute(statement).scalars().all()
        for seq in sequences:
            with self._engine.connect() as connection:
                row = connection.execute(select(snapshots).where(snapshots.c.seq == seq)).one()
            state, state_hash = bytes(row.state), bytes(row.state_hash)
            if hashlib.sha256(state).digest() == state_hash and (seq == 0 or self.hash_of(seq) is not None):
                return Snapshot(seq=seq, ts=row.ts, state=state, state_hash=state_hash)
        return None

    def replay(self, after_seq: int) -> Iterator[JournalLine]:
        """Yield the lines after `after_seq` in order, each link of the chain verified; 0 replays everything.

        Raises:
            StorageDamaged: naming the first broken row, or the last line that retention took from what is asked for.
        """
        if after_seq < (gone := self.anchor()[0]):
            raise StorageDamaged(f"journal lines up to {gone} went by age; a start needs a snapshot after them")
        prev_hash = GENESIS if after_seq == 0 else self.hash_of(after_seq)
        if prev_hash is None:
            raise StorageDamaged(f"journal line {after_seq} is missing; a snapshot was taken after it")
        return verified(self._lines(after_seq), after_seq, prev_hash)

    def whole(self) -> Iterator[JournalLine]:
        """Yield every line that is kept, each link verified, the first against the anchor that retention left.

        Raises:
            StorageDamaged: naming the first broken row.
        """
        return self.replay(self.anchor()[0])

    def anchor(self) -> tuple[int, bytes]:
        """Return sequence and hash of the last line that retention took, (0, GENESIS) where it took none."""
        if not self._has_anchors:
            return 0, GENESIS
        row = self._row(select(chain_anchors).where(chain_anchors.c.chain == JOURNAL_CHAIN))
        return (0, GENESIS) if row is None else (row.sequence, bytes.fromhex(row.hash))

    def audit_heads(self) -> Mapping[str, Link]:
        """Return by tenant sequence and hash of its newest audit entry."""
        if not self._has_anchors:
            return {}
        with self._engine.connect() as connection:
            return newest_links(connection)

    def has_audit_link(self, tenant: str, sequence: int, own_hash: str) -> bool:
        """Tell whether a tenant's chain has this link, or has lost it to retention."""
        with self._engine.connect() as connection:
            gone, gone_hash = anchored(connection).get(tenant, (0, ""))
            if sequence <= gone:
                return sequence < gone or own_hash == gone_hash
            return own_hash == link_hash(connection, tenant, sequence)

    def newest(self) -> tuple[int, bytes]:
        """Return sequence and hash of the last line, (0, GENESIS) for an empty journal."""
        row = self._row(select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1))
        return self.anchor() if row is None else (row.seq, bytes(row.hash))

    def verify_tail(self) -> None:
        """Verify the last TAIL_LINES lines.

        Raises:
            StorageDamaged: naming the first broken row.
        """
        newest_seq, _ = self.newest()
        for _ in self.replay(max(newest_seq - TAIL_LINES, self.anchor()[0])):
            pass

    def hash_of(self, seq: int) -> bytes | None:
        """Return the hash of one line, None where there is no such line and retention did not take it last."""
        row = self._row(select(journal.c.hash).where(journal.c.seq == seq))
        if row is not None:
            return bytes(row.hash)
        gone, own_hash = self.anchor()
        return own_hash if seq == gone > 0 else None

    @cached_property
    def _has_anchors(self) -> bool:
        """Whether the database is new enough to have lost anything to age; old ones are looked at too."""
        return inspect(self._engine).has_table(chain_anchors.name)

    def _row(self, statement: Select[Any]) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(statement).first()

    def _lines(self, after_seq: int) -> Iterator[JournalLine]:
        while True:
            statement = select(*_LINE).where(journal.c.seq > after_seq).order_by(journal.c.seq).limit(CHUNK_LINES)
            with self._engine.connect() as connection:
                rows = connection.execute(statement).all()
            for row in rows:
                yield line_of(tuple(row))
            if len(rows) < CHUNK_LINES:
                return
            after_seq = rows[-1].seq
