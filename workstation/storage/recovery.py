"""The reading side of a start: newest valid snapshot, then the tail, every link of the chain verified.

First steps of the one recovery path; there is no clean-shutdown path beside it. Reads only.
"""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Engine, select

from workstation.domain.errors import StorageDamaged
from workstation.ports.store import JournalLine, Snapshot
from workstation.storage.chain import GENESIS, line_of, verified
from workstation.storage.tables import journal, snapshots

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
            StorageDamaged: naming the first broken row.
        """
        prev_hash = GENESIS if after_seq == 0 else self.hash_of(after_seq)
        if prev_hash is None:
            raise StorageDamaged(f"journal line {after_seq} is missing; a snapshot was taken after it")
        return verified(self._lines(after_seq), after_seq, prev_hash)

    def newest(self) -> tuple[int, bytes]:
        """Return sequence and hash of the last line, (0, GENESIS) for an empty journal."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)
            ).first()
        return (0, GENESIS) if row is None else (row.seq, bytes(row.hash))

    def verify_tail(self) -> None:
        """Verify the last TAIL_LINES lines.

        Raises:
            StorageDamaged: naming the first broken row.
        """
        newest_seq, _ = self.newest()
        for _ in self.replay(max(newest_seq - TAIL_LINES, 0)):
            pass

    def hash_of(self, seq: int) -> bytes | None:
        """Return the hash of one line, None where there is no such line."""
        with self._engine.connect() as connection:
            found = connection.execute(select(journal.c.hash).where(journal.c.seq == seq)).scalar()
        return None if found is None else bytes(found)

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
