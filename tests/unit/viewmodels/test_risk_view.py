"""Limits as a person reads and edits them: headroom, levels, order, typed values, what is locked."""

from __future__ import annotations

import pytest

from tests.helpers.desktop_rig import START_NS, order
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import ValidationError
from workstation.domain.events import LimitChanged
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus
from workstation.risk.board import LimitLine, RiskBoard
from workstation.risk.limits import UNLIMITED, UNLIMITED_VALUE, LimitScope, LimitType
from workstation.viewmodels.risk_view import (
    TITLES,
    RiskView,
    headroom,
    kill_text,
    level_of,
    limit_text,
    refusals,
    switches_text,
    used_text,
)


def line(limit: LimitType = LimitType.DAILY_LOSS, value: str = "1000", used: int | None = 0, **changes) -> LimitLine:
    free = value == UNLIMITED
    fields = {
        "limit": limit,
        "scope": LimitScope.TENANT,
        "key": "",
        "text": value,
        "value": UNLIMITED_VALUE if free else int(value) * MONEY_ONE,
        "used": used,
        "unlimited": free,
    }
    return LimitLine(**{**fields, **changes})


def test_every_limit_type_has_a_name() -> None:
    assert set(TITLES) == set(LimitType)


@pytest.mark.parametrize(
    ("used", "level", "words"),
    [
        (0, "ok", "────────── 0% used"),
        (1, "ok", "━───────── 0% used"),
        (500 * MONEY_ONE, "ok", "━━━━━───── 50% used"),
        (800 * MONEY_ONE, "amber", "━━━━━━━━── 80% used"),
        (1_500 * MONEY_ONE, "red", "━━━━━━━━━━ 150% used"),
        (None, "ok", "each order"),
    ],
)
def test_headroom_is_a_bar_with_its_share_in_words(used: int | None, level: str, words: str) -> None:
    assert (level_of(line(used=used)), headroom(line(used=used))) == (level, words)


def test_a_limit_without_a_readable_value_is_a_breach() -> None:
    assert level_of(line(used=None, value="0", text="")) == "ok"
    missing = LimitLine(
        limit=LimitType.DAILY_LOSS, scope=LimitScope.TENANT, key="", text="", value=-1, used=0, unlimited=False
    )
    assert level_of(missing) == "red"


def test_a_limit_that_is_gone_leaves_the_table_and_bounds_stand_before_the_unlimited() -> None:
    view = RiskView()
    own = line(LimitType.OPEN_ORDERS, used=1, scope=LimitScope.ACCOUNT, key="SIM-1")
    view.table.sort_by([("order", False)])
    view.take(RiskBoard(limits=(line(LimitType.ORDER_QUANTITY, UNLIMITED), own, line()), restrictions=()))
    assert [row.limit for row in view.lines()] == ["DAILY_LOSS", "OPEN_ORDERS", "ORDER_QUANTITY"]
    view.take(RiskBoard(limits=(line(),), restrictions=()))
    assert view.lines() == [line()]


@pytest.mark.parametrize(
    ("typed", "text"),
    [("2k", "2000"), ("1.5m", "1500000"), ("10,000", "10000"), ("Unlimited", UNLIMITED), (" 7.25 ", "7.25")],
)
def test_typed_values_are_read(typed: str, text: str) -> None:
    assert limit_text(LimitType.ORDER_NOTIONAL, typed) == text


@pytest.mark.parametrize("typed", ["", "0", "-5", "nan", "inf", "1e5", "abc", "1.5"])
def test_what_is_no_limit_is_refused_and_nothing_is_rounded(typed: str) -> None:
    with pytest.raises(ValidationError):
        limit_text(LimitType.OPEN_ORDERS, typed)


def test_an_edit_says_whether_it_loosens() -> None:
    view = RiskView()
    view.take(RiskBoard(limits=(line(),), restrictions=()))
    place = (LimitType.DAILY_LOSS, LimitScope.TENANT, "")
    assert not view.edit(*place, "999").loosens
    assert view.edit(*place, "1001").loosens
    assert view.edit(*place, "unlimited").loosens
    assert not view.edit(LimitType.DAILY_LOSS, LimitScope.ACCOUNT, "SIM-1", "5000").loosens
    assert "empty" in view.edit(*place, "").error


def test_switches_and_kills_say_who_when_and_why() -> None:
    row = LimitChanged(
        limit="CLOSE_ONLY", scope="ACCOUNT", key="SIM-1", old="", new="ON", actor="x", reason="news", ts=START_NS
    )
    assert switches_text((row,), ()) == "CLOSE-ONLY SIM-1 since 15:00:00: news"
    kill = KillState(scope=KillScope.ALL, key="", on=True, reason="", actor="HOTKEY:local", ts=START_NS)
    assert kill_text((kill,)) == "KILL SWITCH ALL since 15:00:00 by local by hotkey: no reason given"


def test_refusals_are_ours_alone_and_the_newest_comes_first() -> None:
    ours = order("A", state=OrdStatus.RISK_REJECTED)
    later = order("B", state=OrdStatus.RISK_REJECTED, updated_at=START_NS + 5)
    venue = order("C", state=OrdStatus.REJECTED)
    assert [row.cl_ord_id for row in refusals([ours, venue, later])] == ["B", "A"]


def test_a_limits_row_says_value_use_scope_and_who_changed_it_when_and_why() -> None:
    view = RiskView()
    changed = line(
        scope=LimitScope.STRATEGY, key="alpha", used=250 * MONEY_ONE, changed_at=START_NS, changed_by="HOTKEY:ann",
        reason="less today",
    )  # fmt: skip
    view.take(RiskBoard(limits=(changed,), restrictions=()))
    shown = {column.name: column.text(view.table.row_at(0)) for column in view.table.columns}
    del shown["order"]
    assert shown == {
        "limit": "Day loss", "value": "1,000", "headroom": "━━──────── 25% used", "scope": "alpha", "used": "250.00",
        "changed": "2024-01-02 15:00", "author": "ann by hotkey", "reason": "less today",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "used", "shown"),
    [
        (LimitType.DAILY_LOSS, 155_145_375 * MONEY_ONE // 1_000, "155,145.38"),
        (LimitType.POSITION_QUANTITY, 300 * MONEY_ONE, "300"),
        (LimitType.OPEN_ORDERS, 7, "7"),
        (LimitType.DAILY_LOSS, None, "—"),
    ],
)
def test_what_is_used_is_money_to_the_cent_and_quantities_as_they_are(limit, used: int | None, shown: str) -> None:
    assert used_text(line(limit, used=used)) == shown
