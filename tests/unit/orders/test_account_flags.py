"""Flags of accounts at the gate: what is switched off or suspended takes exits only, what has no flag is refused."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig
from workstation.domain.events import RecordSaved
from workstation.domain.instruments import AssetClass, OptionRight, OptionTerms
from workstation.domain.orders import OrdStatus, Side
from workstation.domain.records import AccountRecord
from workstation.domain.records.venues import AccountStatus, AccountType
from workstation.orders.fold import CoreState
from workstation.risk.rules.account_permission import barred_classes

RECORD = AccountRecord(
    id="a-1", row_version=1, broker_id="b", connection_id="c", account_number="1", account_type=AccountType.INDIVIDUAL,
    account=ACCOUNT,
)  # fmt: skip


def save(rig: CoreRig, **fields: Any) -> None:
    rig.record(RecordSaved(record=replace(RECORD, **fields), changed=tuple(fields), actor="pat", ts=rig.now))


def refusal(rig: CoreRig, side: Side = Side.BUY) -> str:
    denial = rig.desk.submit(rig.command(rig.terms(side))).denial
    return "" if denial is None else denial.code


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, *({"status": status} for status in AccountStatus if status.value != "ACTIVE")]
)
def test_an_account_that_is_off_takes_exits_only_and_stores_no_refused_order(fields):
    rig = CoreRig()
    rig.position(100)
    save(rig, **fields)
    command = rig.command()
    denial = rig.desk.submit(command).denial
    assert denial is not None
    assert (denial.code, rig.state.book.get(command.cl_ord_id)) == ("ACCOUNT_NOT_TRADABLE", None)
    save(rig)
    assert refusal(rig) == ""
    save(rig, **fields)
    assert refusal(rig, Side.SELL) == ""


def test_an_account_without_the_flag_of_a_kind_is_refused_with_the_order_stored():
    rig = CoreRig()
    save(rig, can_trade_stocks=False)
    command = rig.command()
    denial = rig.desk.submit(command).denial
    assert denial is not None
    assert denial.code == "ACCOUNT_PERMISSION"
    assert rig.order(command.cl_ord_id).status is OrdStatus.COMPLIANCE_REJECTED


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        (AssetClass.STOCK, "can_trade_stocks"),
        (AssetClass.ETF, "can_trade_stocks"),
        (AssetClass.OPTION, "can_trade_options"),
        (AssetClass.FUTURE, "can_trade_futures"),
        (AssetClass.FOREX, "can_trade_forex"),
        (AssetClass.BOND, "can_trade_bonds"),
        (AssetClass.CRYPTO, ""),
    ],
)
def test_each_kind_has_its_flag_and_coins_need_none(kind, flag):
    rig = CoreRig()
    option = OptionTerms(SYMBOL, 100, "2030-01-18", OptionRight.CALL) if kind is AssetClass.OPTION else None
    rig.state.instruments[SYMBOL] = replace(rig.state.instruments[SYMBOL], asset_class=kind, option=option)
    every = [field for field in AccountRecord.__struct_fields__ if field.startswith("can_trade_")]
    save(rig, **dict.fromkeys(every, False))
    assert refusal(rig) == ("ACCOUNT_PERMISSION" if flag else "")
    assert (kind in barred_classes(rig.state.controls, ACCOUNT)) is bool(flag)
    save(rig, **{name: name == flag for name in every})
    assert refusal(rig) == ""


def test_flags_outlive_a_restart_and_a_snapshot_and_go_with_the_account():
    rig = CoreRig()
    save(rig, is_active=False)
    assert refusal(rig.restart()) == "ACCOUNT_NOT_TRADABLE"
    loaded = CoreState(dict(rig.state.instruments))
    loaded.load(rig.state.state())
    assert set(loaded.controls.accounts) == {ACCOUNT}
    save(rig, is_active=False, deleted_at=rig.now)
    assert rig.state.controls.accounts == {}
