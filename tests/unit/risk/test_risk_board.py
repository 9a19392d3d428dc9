"""The board's commands over a real core: who set what, lockout and close-only, loosening while armed or locked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.helpers.api_rig import EngineThread
from tests.helpers.core_rig import CoreRig
from tests.helpers.memory_reader import MemoryReader
from workstation.commands import limits, risk_board
from workstation.commands.params import Arm, SetLimit
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.risk_board import LOCK_SECONDS_MAX, LockOut, SetCloseOnly
from workstation.domain.accounts import Environment
from workstation.domain.events import TradingDayRolled
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import ApiKey
from workstation.risk.board import RiskBoard
from workstation.risk.limits import LimitScope
from workstation.risk.restrictions import Restriction

HAND = Origin(kind=OriginKind.PALETTE)
SCRIPT = Origin(kind=OriginKind.REST)
LOSS = {"limit": "DAILY_LOSS", "scope": "TENANT"}


class Board:
    """Commands answered one after the other."""

    def __init__(self, engine: EngineThread) -> None:
        self.engine = engine
        risk_board.register(engine.commands)

    def run(self, command_id: str, params: msgspec.Struct, origin: Origin = HAND) -> CommandResult:
        answers: list[CommandResult] = []
        self.engine.call(command_id, params, origin, answers.append)
        self.engine.do(lambda: None)
        return answers[0]

    def read(self) -> RiskBoard:
        found: Any = self.run("risk.board", NoParams()).data
        assert isinstance(found, RiskBoard)
        return found


@pytest.fixture
def board() -> Iterator[Board]:
    rig = CoreRig()
    engine = EngineThread(rig, MemoryReader(rig.journal))
    yield Board(engine)
    engine.close()


def test_the_board_names_author_time_and_reason_of_a_change(board: Board) -> None:
    assert board.run("risk.limit", SetLimit(value="400", reason="smaller day", **LOSS)).ok
    found = next(row for row in board.read().limits if row.limit == "DAILY_LOSS")
    assert (found.text, found.changed_by, found.reason, found.used) == ("400", "PALETTE:local", "smaller day", 0)
    assert found.changed_at == board.engine.rig.clock.now_ns()


def test_a_limit_without_a_scope_is_one_of_all_accounts(board: Board) -> None:
    wish = SetLimit(limit="DAILY_LOSS", value="400", reason="smaller day")
    assert board.run("risk.limit", wish).ok
    found = next(row for row in board.read().limits if row.limit == "DAILY_LOSS")
    assert (found.text, found.scope) == ("400", LimitScope.TENANT)


@pytest.mark.parametrize(
    ("scope", "key", "code"),
    [
        ("TENANT", "SIM-1", "VALIDATION_ERROR"), ("ACCOUNT", "", "VALIDATION_ERROR"),
        ("INSTRUMENT", "", "VALIDATION_ERROR"), ("STRATEGY", "", "VALIDATION_ERROR"), ("ALL", "", "VALIDATION_ERROR"),
        ("ACCOUNT", "NONE-1", "NOT_FOUND"), ("INSTRUMENT", "NONE", "NOT_FOUND"),
    ],
)  # fmt: skip
def test_a_limit_that_would_bind_nobody_is_refused(board: Board, scope: str, key: str, code: str) -> None:
    before = board.read().limits
    refused = board.run("risk.limit", SetLimit(limit="DAILY_LOSS", value="4", reason="why", scope=scope, key=key))
    assert (refused.ok, refused.code) == (False, code)
    assert board.read().limits == before


def test_the_board_names_the_caps_of_keys_that_are_on(board: Board) -> None:
    made = {"capped": ("2500", True), "free": (None, True), "off": ("10", False)}
    for name, (cap, is_active) in made.items():
        key = ApiKey(
            id=name, user_id="local", name=name, key_prefix="12345678", key_hash="0" * 64, scopes=(), rate_limit=1,
            is_active=is_active, max_order_notional=cap,
        )  # fmt: skip
        board.engine.rig.state.records.apply(key)
    assert board.read().key_caps == {"capped": "2500"}


def test_tightening_acts_armed_and_loosening_does_not(board: Board) -> None:
    board.run("risk.arm", Arm(environment=Environment.SIM))
    assert board.run("risk.limit", SetLimit(value="400", reason="less", **LOSS)).ok
    refused = board.run("risk.limit", SetLimit(value="500", reason="more", **LOSS))
    assert not refused.ok
    assert "disarm first" in refused.text


def test_a_lockout_cannot_be_lifted_and_keeps_limits_from_loosening(board: Board) -> None:
    account = next(iter(board.engine.rig.state.accounts))
    assert board.run("risk.lock_out", LockOut(account=account, reason="enough")).ok
    assert [(row.limit, row.key) for row in board.read().restrictions] == [(Restriction.LOCKOUT, account)]
    assert board.run("risk.lock_out", LockOut(account=account, reason="again")).text.endswith("already.")
    refused = board.run("risk.limit", SetLimit(value="900000", reason="more", **LOSS))
    assert (refused.ok, "locked out" in refused.text) == (False, True)
    assert board.run("risk.limit", SetLimit(value="1", reason="less", **LOSS)).ok


def test_close_only_is_set_by_anybody_and_lifted_by_a_person(board: Board) -> None:
    account = next(iter(board.engine.rig.state.accounts))
    wish = SetCloseOnly(on=True, key=account, reason="news")
    assert board.run("risk.close_only", wish, SCRIPT).ok
    lifted = msgspec.structs.replace(wish, on=False)
    assert board.run("risk.close_only", lifted, SCRIPT).code == "DESKTOP_ONLY"
    assert board.run("risk.close_only", lifted).ok
    assert board.read().restrictions == ()


@pytest.mark.parametrize(
    "wish",
    [
        SetCloseOnly(on=True, key="NOBODY", reason="x"),
        SetCloseOnly(on=True, key="", reason="x"),
        SetCloseOnly(on=True, scope=LimitScope.STRATEGY, key="s", reason="x"),
        SetCloseOnly(on=True, scope=LimitScope.TENANT, reason=" "),
    ],
)
def test_a_scope_that_is_none_or_a_missing_reason_is_refused(board: Board, wish: SetCloseOnly) -> None:
    assert not board.run("risk.close_only", wish).ok
    assert board.read().restrictions == ()


def test_a_lockout_for_a_time_outlives_the_day_and_ends_by_itself(board: Board) -> None:
    account, rig = next(iter(board.engine.rig.state.accounts)), board.engine.rig
    answer = board.run("risk.lock_out", LockOut(account=account, reason="tired", seconds=1_800))
    assert answer.text.endswith("UTC. Cancels and exits stay open.")
    assert board.run("risk.lock_out", LockOut(account=account, reason="longer", seconds=60)).text.endswith("already.")
    rig.record(TradingDayRolled(account=account, day="2099-01-01", ts=rig.now))
    limits.expire_limits(board.engine.context)
    assert rig.state.controls.restrictions.lockout(account) is not None
    rig.clock.advance(1_800 * 10**9)
    limits.expire_limits(board.engine.context)
    assert rig.state.controls.restrictions.lockout(account) is None


@pytest.mark.parametrize("seconds", [-1, LOCK_SECONDS_MAX + 1])
def test_a_lockout_of_no_sane_length_is_refused(board: Board, seconds: int) -> None:
    account = next(iter(board.engine.rig.state.accounts))
    assert not board.run("risk.lock_out", LockOut(account=account, reason="tired", seconds=seconds)).ok
    assert board.engine.rig.state.controls.restrictions.lockout(account) is None
