"""The cap of a script's key: held against each order by itself, and never against a hand."""

from __future__ import annotations

from tests.helpers.risk import HAND, RiskDesk, intent, terms
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Origin, OriginKind

KEY = Origin(OriginKind.REST, "key-1")


def test_a_key_moves_no_more_than_its_cap_in_one_order() -> None:
    desk = RiskDesk()
    desk.view.caps["key-1"] = 10_000 * MONEY_ONE
    assert desk.refusal(intent(terms(qty=100, price=10_000), origin=KEY)) == ""
    assert desk.refusal(intent(terms(qty=101, price=10_000), origin=KEY)) == "CREDENTIAL_CAP"
    assert desk.refusal(intent(terms(qty=101, price=10_000), origin=Origin(OriginKind.REST, "key-2"))) == ""
    assert desk.refusal(intent(terms(qty=101, price=10_000), origin=HAND)) == ""
