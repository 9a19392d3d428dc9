"""Uses of API keys in memory; implements `ports.key_uses.KeyUses` as the database does."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.ports.key_uses import KeyUse


class MemoryKeyUses:
    """`writes`: how often something was kept; `writable` False: nothing is."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], KeyUse] = {}
        self.writes = 0
        self.writable = True

    def add(self, uses: Sequence[KeyUse]) -> bool:
        if self.writable:
            self.writes += 1
            for use in uses:
                known = self._rows.get((use.tenant, use.key_id))
                before, last = (0, 0) if known is None else (known.uses, known.last_used_at)
                self._rows[use.tenant, use.key_id] = KeyUse(
                    tenant=use.tenant,
                    key_id=use.key_id,
                    last_used_at=max(last, use.last_used_at),
                    uses=before + use.uses,
                )
        return self.writable

    def every(self) -> tuple[KeyUse, ...]:
        return tuple(self._rows.values())
