"""Logins that are over: after KEPT_NS they leave the book of records, so that memory and snapshots do not grow by them.

Beside both walks, on the engine's thread, by the clock. What a login did stands in the audit; its row goes with the
retention of the database.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.domain.events import RecordSaved
from workstation.domain.records import UserSession

LOOK_NS = 600 * 10**9
KEPT_NS = 30 * 86_400 * 10**9
AT_ONCE = 500
"""Logins of one look; the next goes on."""

BY_CLOCK = "engine:login retention"


def forget_logins(context: EngineContext) -> None:
    """Delete the logins that ended or ran out KEPT_NS ago."""
    now = context.clock.now_ns()
    over = [login for login in context.state.records.every(UserSession) if _ended_at(login) <= now - KEPT_NS]
    gone = [
        msgspec.structs.replace(login, row_version=login.row_version + 1, updated_at=now, deleted_at=now)
        for login in over[:AT_ONCE]
    ]
    if gone:
        saved = [RecordSaved(record=login, changed=("deleted_at",), actor=BY_CLOCK, ts=now) for login in gone]
        context.desk.recorder.record(saved, actor=BY_CLOCK)


def _ended_at(login: UserSession) -> int:
    """Return when a login could be used for the last time, UTC ns: its last change ended one that is not active."""
    return login.expires_at if login.is_active else min(login.updated_at, login.expires_at)
