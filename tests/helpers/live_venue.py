"""A venue of real money in hand: a served core whose account trades LIVE, and permits as the desktop gives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import ACCOUNT, HAND
from workstation.commands.records import ChangeRecord
from workstation.domain.accounts import Environment
from workstation.domain.events import AccountOpened
from workstation.domain.records import LivePermit


@contextmanager
def live_venue(home: Path, **options: Any) -> Iterator[ApiRig]:
    """Serve a core whose one account stands at a venue of real money."""
    with served(home, environment=Environment.LIVE, **options) as rig:
        core = rig.core
        account = msgspec.structs.replace(core.state.accounts[ACCOUNT], environment=Environment.LIVE)
        rig.engine.do(lambda: core.record(AccountOpened(account=account, ts=core.now)))
        yield rig


def grant(rig: ApiRig, key_id: str, permit: LivePermit | None) -> None:
    """Give a key leave to trade LIVE, or take it back, as a person at the desktop does."""
    answers: list[Any] = []
    change = ChangeRecord(id=key_id, changes={"live_permit": permit})
    rig.engine.call("api_key.update", change, HAND, answers.append)
    rig.engine.do(lambda: None)
    assert answers, "no answer"
    assert answers[0].ok, answers[0].text
