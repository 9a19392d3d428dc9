"""Fault points are many, named once, and reached by the walks that the tests make."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import workstation.orders
from tests.helpers.core_rig import HAND, SECOND, CoreRig
from workstation.domain.orders import CancelOrder, ReplaceOrder
from workstation.kernel.fault_points import set_probe

FOLDER = Path(workstation.orders.__file__).parent
SITES_MIN = 40


def sites() -> list[str]:
    """Every literal name in the package's sources."""
    found = []
    for source in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fault_point":
                argument = node.args[0]
                assert isinstance(argument, ast.Constant), f"{source.name}: a fault point has a literal name"
                found.append(argument.value)
    return found


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture(autouse=True)
def _disarm():
    yield
    set_probe(None)


def test_every_name_is_used_once_and_there_are_enough():
    names = sites()
    assert len(names) == len(set(names))
    assert len(names) >= SITES_MIN
    assert all(name.startswith("orders.") for name in names)


def walk(rig: CoreRig) -> None:
    """Submit, change, fill, cancel, flatten: one of everything."""
    order = rig.submit(qty=100)
    rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, price=9_999))
    rig.broker.fill(order.cl_ord_id, 60, 9_999)
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    rig.flatten()
    exit_ = rig.broker.of("submit")[-1]
    rig.broker.fill(exit_.cl_ord_id, 60, 9_998)


def reached() -> list[str]:
    rig, names = CoreRig(), []
    set_probe(names.append)
    walk(rig)
    set_probe(None)
    return list(dict.fromkeys(names))


@pytest.mark.parametrize("name", reached())
def test_a_process_killed_anywhere_on_the_walk_loses_and_doubles_nothing(name):
    rig = CoreRig()

    def die(site: str) -> None:
        if site == name:
            raise Killed(site)

    set_probe(die)
    with pytest.raises(Killed):
        walk(rig)
    set_probe(None)
    again = rig.restart()
    again.clock.advance(40 * SECOND)
    venue = {key: row.cum_qty for key, row in again.broker.orders.items()}
    for order in again.state.book.recent():
        assert order.unknown is None
        assert order.cum_qty == venue.get(order.cl_ord_id, 0)
    assert again.state.ledger.qty("SIM-1", "ABC") == sum(again.broker.positions.values())
    assert len({call.cl_ord_id for call in again.broker.of("submit")}) == len(again.broker.of("submit"))
    assert again.state.controls.locks.state("SIM-1") == "UNLOCKED"
