"""Exits, held orders and protective stops: what is refused by name, and what counts as loosening."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.orders import FlattenPosition, OrderState, OrdType, Residence, Side, TriggerSource
from workstation.risk.classify import loosens_protection

replace = msgspec.structs.replace


def stop(rig: CoreRig, **fields: Any) -> OrderState:
    rig.position(100)
    wanted = {"ord_type": OrdType.STOP_LIMIT, "stop_px": 9_000} | fields
    return rig.submit(Side.SELL, 100, 8_950, reduce_only=True, **wanted)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"override": "yes, really"}, ValidationError),
        ({"account": "NONE"}, NotFound),
        ({"symbol": "NONE"}, NotFound),
    ],
)
def test_an_exit_that_names_nothing_of_ours_or_is_mistyped_sends_nothing(
    fields: dict[str, str], error: type[Exception]
) -> None:
    rig = CoreRig()
    rig.position(100)
    before = len(rig.broker.calls)
    with pytest.raises(error):
        rig.desk.flatten(FlattenPosition(**({"account": ACCOUNT, "symbol": SYMBOL, "origin": HAND} | fields)))
    assert (len(rig.broker.calls), rig.desk.exits()) == (before, ())


def test_only_an_order_that_is_held_can_be_fired_by_hand() -> None:
    rig = CoreRig(card=replace(CARD, ord_types=CARD.ord_types - {OrdType.STOP}))
    at_venue = rig.submit()
    for cl_ord_id in ("OMS-none", at_venue.cl_ord_id):
        with pytest.raises(NotFound):
            rig.desk.fire_held(cl_ord_id)
    watched = rig.submit(Side.BUY, 10, None, ord_type=OrdType.STOP, stop_px=11_000)
    assert watched.residence is Residence.PROGRAM
    with pytest.raises(StateConflict, match="not held"):
        rig.desk.fire_held(watched.cl_ord_id)


def test_a_stop_that_fires_on_another_price_or_later_is_looser_and_one_that_fires_sooner_is_not() -> None:
    order = stop(CoreRig())
    terms = order.terms
    assert loosens_protection(order, replace(terms, trigger=TriggerSource.BID_ASK), 100)
    assert loosens_protection(order, replace(terms, stop_px=8_980), 100)
    assert not loosens_protection(order, replace(terms, stop_px=9_020, price=8_970), 100)


def test_a_stop_limit_with_less_room_to_fill_is_looser_and_one_without_a_limit_is_not() -> None:
    order = stop(CoreRig())
    assert loosens_protection(order, replace(order.terms, price=8_990), 100)
    assert not loosens_protection(order, replace(order.terms, price=8_900), 100)
    assert not loosens_protection(order, replace(order.terms, price=None), 100)


def test_a_limit_order_protects_nothing() -> None:
    rig = CoreRig()
    order = rig.submit()
    assert not loosens_protection(order, replace(order.terms, price=9_000), 0)
