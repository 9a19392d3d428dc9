"""Hours of the rule MARKET_HOURS: the instrument's own, a calendar's, and blackouts; refusing goes before holding."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.helpers.risk import RiskDesk, intent
from workstation.domain.market import SessionPhase
from workstation.risk.hours import Hours, hours_of

S = 1_000_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * S


MONDAY_NOON = at("2026-11-23 17:00:00")
MONDAY_NIGHT = at("2026-11-24 01:00:00")


@pytest.mark.parametrize(
    "hours",
    [
        Hours(False),
        Hours(True),
        Hours(True, "XNYS"),
        Hours(False, "", ((10, 20),)),
        Hours(True, "FX", ((10, 20), (30, 40))),
    ],
)
def test_a_line_says_the_hours_that_it_is_written_from(hours):
    assert hours_of(hours.text) == (hours,)


def test_a_calendar_decides_whatever_the_instruments_own_phase():
    desk = RiskDesk()
    desk.limit("MARKET_HOURS", "REFUSE|XNYS")
    assert desk.refusal(intent(now_ns=MONDAY_NOON)) == ""
    refused = desk.gate.check(intent(now_ns=MONDAY_NIGHT)).denial
    assert refused.text == "Refused: market hours. AAPL is outside the hours of XNYS; send it later."


def test_a_blackout_binds_from_its_start_to_before_its_end():
    desk = RiskDesk()
    desk.limit("MARKET_HOURS", Hours(False, "", ((10 * S, 20 * S),)).text)
    said = [desk.refusal(intent(now_ns=now * S, cl_ord_id=str(now), allow_duplicate=True)) for now in (9, 10, 19, 20)]
    assert said == ["", "MARKET_HOURS", "MARKET_HOURS", ""]


def test_blackouts_alone_say_nothing_of_a_closed_market():
    desk = RiskDesk()
    desk.view.phases["AAPL"] = SessionPhase.CLOSED
    desk.limit("MARKET_HOURS", Hours(False, "", ((10, 20),)).text)
    assert desk.refusal(intent(now_ns=30)) == ""


def test_of_two_rules_that_object_the_one_that_refuses_decides():
    desk = RiskDesk()
    refuses = Hours(False, "", ((10, 20),))
    desk.limit("MARKET_HOURS", f"{Hours(True).text}\n{refuses.text}")
    desk.view.phases["AAPL"] = SessionPhase.CLOSED
    assert desk.gate.check(intent(now_ns=30)).hold is not None
    assert desk.gate.check(intent(now_ns=15)).hold is None


def test_a_release_lifts_what_holds_and_nothing_else():
    desk = RiskDesk()
    desk.limit("MARKET_HOURS", Hours(True).text)
    desk.view.phases["AAPL"] = SessionPhase.CLOSED
    assert desk.gate.check(intent(released=True)).passed
    desk.limit("ORDER_QUANTITY", "1")
    assert desk.refusal(intent(released=True)) == "ORDER_QUANTITY"


def test_a_preview_says_that_the_order_would_be_held():
    desk = RiskDesk()
    desk.limit("MARKET_HOURS", "HOLD")
    desk.view.phases["AAPL"] = SessionPhase.CLOSED
    assert desk.gate.explain(intent()).hold.text == (
        "Held: market hours. AAPL is not open (closed); a person has to release it."
    )
