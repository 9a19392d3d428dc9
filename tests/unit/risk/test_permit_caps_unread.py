"""A live permit whose caps cannot be applied lets nothing through, and says which of them it is."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.risk import ACCOUNT, RiskDesk, intent, terms
from workstation.domain.accounts import Environment
from workstation.domain.records import LivePermit


@pytest.fixture
def desk() -> RiskDesk:
    made = RiskDesk()
    made.view.accounts["SIM-1"] = msgspec.structs.replace(ACCOUNT, environment=Environment.LIVE)
    return made


@pytest.mark.parametrize("caps", [{"order_notional": "a lot"}, {"day_loss": "1"}])
def test_a_cap_that_cannot_be_read_refuses_and_asks_for_a_new_permit(desk: RiskDesk, caps: dict[str, str]) -> None:
    desk.view.permit = LivePermit(expires_at=intent().now_ns + 1, caps=caps)
    verdict = desk.gate.check(intent(terms(qty=1, price=10_000)))
    assert verdict.denial is not None
    assert f"Its cap {next(iter(caps))} cannot be read" in verdict.denial.text


def test_the_text_of_an_exceeded_cap_names_value_and_limit(desk: RiskDesk) -> None:
    desk.view.permit = LivePermit(expires_at=intent().now_ns + 1, caps={"order_notional": "10000"})
    verdict = desk.gate.check(intent(terms(qty=101, price=10_000)))
    assert verdict.denial is not None
    assert (verdict.denial.code, "10,100" in verdict.denial.text) == ("PERMIT_CAP", True)
