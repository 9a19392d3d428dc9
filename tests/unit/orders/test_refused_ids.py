"""A client order id belongs to an order: refusals that store one use it up, those that store none leave it free."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.orders import OrdStatus
from workstation.domain.verdicts import DenialKind


def kill(rig: CoreRig, *, on: bool) -> None:
    state = KillState(scope=KillScope.ALL, key="", on=on, reason="test", actor="pat", ts=rig.now)
    rig.desk.kill(state)


def locked(rig: CoreRig) -> None:
    rig.lock()


def killed(rig: CoreRig) -> None:
    kill(rig, on=True)


def freed(rig: CoreRig) -> None:
    kill(rig, on=False)
    rig.unlock()


@pytest.mark.parametrize(("block", "kind"), [(locked, DenialKind.LOCK), (killed, DenialKind.KILL)])
def test_an_id_refused_without_an_order_makes_one_order_later(block, kind):
    rig = CoreRig()
    command = rig.command()
    block(rig)
    refused = rig.desk.submit(command)
    assert (refused.order, refused.denial.kind, refused.duplicate) == (None, kind, False)
    freed(rig)
    assert rig.desk.submit(command).accepted
    assert rig.desk.submit(command).duplicate
    assert [call.cl_ord_id for call in rig.broker.of("submit")] == [command.cl_ord_id]


def test_an_id_refused_without_an_order_is_free_after_a_restart_too():
    rig = CoreRig()
    command = rig.command()
    rig.lock()
    assert rig.desk.submit(command).order is None
    again = rig.restart()
    assert again.state.book.get(command.cl_ord_id) is None
    again.unlock()
    assert again.desk.submit(command).accepted


def test_an_id_refused_by_a_limit_is_used_up_by_the_stored_order():
    rig = CoreRig()
    command, money = rig.command(), rig.worth.money
    rig.worth.money = 0
    assert rig.desk.submit(command).order.status is OrdStatus.INSUFFICIENT_FUNDS
    rig.worth.money = money
    assert rig.desk.submit(command).duplicate
    assert rig.broker.of("submit") == []
    assert not list(rig.state.book.open_orders(ACCOUNT, SYMBOL))
