"""An order that waits for its turn at a venue which limits requests, over REST: it says for what, until it has left."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.helpers.api_rig import served
from workstation.ports.broker import RequestLimit

ORDERS = "/api/v1/oms/orders"


def test_what_an_order_waits_for_is_shown(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        broker = rig.core.broker
        broker.capabilities = msgspec.structs.replace(broker.capabilities, request_limit=RequestLimit(2, 10**9))
        first, second = rig.place(quantity="1"), rig.place(quantity="2")
        assert first["held_reason"] is None
        shown = rig.http.get(f"{ORDERS}/{second['id']}").json()
        assert (shown["state"], shown["held_for"]) == ("PENDING_SUBMIT", None)
        assert shown["held_reason"] == "Waits: FAKE takes 2 in 1 s, and it is next"
