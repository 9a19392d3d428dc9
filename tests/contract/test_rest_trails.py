"""Trailing stops over REST: the distance of a live one is changed, what the interface does not name is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.helpers.api_rig import served
from workstation.commands.params import PlaceOrder
from workstation.domain.orders import OrderTerms, OrdType, Origin, OriginKind, Side, Trail, TrailKind

ORDERS = "/api/v1/oms/orders"


def test_the_distance_of_a_live_trailing_stop_is_changed_and_where_it_begins_is_kept(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        body = rig.place(order_type="TRAILING_STOP", price=None, trailing_percent="1.50")
        changed = rig.http.put(f"{ORDERS}/{body['id']}", json={"trailing_percent": "0.75"}, headers={"If-Match": "*"})
        assert (changed.status_code, changed.json()["trailing_percent"]) == (200, "0.75"), changed.text
        begins = Trail(TrailKind.BPS, 200, activation_px=10_500)
        terms = OrderTerms(
            symbol="ABC", account="SIM-1", side=Side.SELL, ord_type=OrdType.TRAILING_STOP, order_qty=100, trail=begins
        )
        placed = PlaceOrder(terms=terms, cl_ord_id="TRAILS")
        answers: list[Any] = []
        rig.engine.call("order.submit", placed, Origin(kind=OriginKind.TICKET), answers.append)
        rig.engine.do(lambda: None)
        uid = rig.core.state.book.get("TRAILS").uid
        answer = rig.http.put(f"{ORDERS}/{uid}", json={"trailing_percent": "1.00"}, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        assert rig.core.state.book.get("TRAILS").terms.trail == Trail(TrailKind.BPS, 100, activation_px=10_500)
        wide = rig.http.put(f"{ORDERS}/{uid}", json={"trailing_percent": "100.00"}, headers={"If-Match": "*"})
        assert (wide.status_code, wide.json()["code"]) == (422, "VALIDATION_ERROR"), wide.text
        assert "trailing_percent" in wide.text


def test_what_does_not_trail_takes_no_distance(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        plain = rig.place()
        answer = rig.http.put(f"{ORDERS}/{plain['id']}", json={"trailing_percent": "1.00"}, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_ERROR")
        assert answer.json()["details"]["fields"][0]["field"] == "trailing_percent"
