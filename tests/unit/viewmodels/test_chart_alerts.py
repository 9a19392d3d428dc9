"""Alert lines: which alerts have one, and the side on which a created or moved one waits."""

from __future__ import annotations

import pytest

from tests.helpers.desktop_rig import ACCOUNT, quote, stock
from workstation.domain.alerts import Alert, AlertRow, AlertState
from workstation.viewmodels.alerts import checked
from workstation.viewmodels.chart_alerts import alert_at, alert_lines, moved_alert

AAPL = stock()


@pytest.mark.parametrize(
    ("units", "condition"),
    [(18_750, "last >= 187.50"), (18_700, "last <= 187.00"), (18_719, "last > 187.19")],
)
def test_a_new_one_waits_on_the_far_side_of_the_market(units: int, condition: str) -> None:
    alert = alert_at(AAPL, quote(), units, ACCOUNT)
    assert alert is not None
    assert (alert.symbol, alert.account, alert.condition) == ("AAPL", ACCOUNT, condition)
    checked(alert)


def test_without_a_market_there_is_none() -> None:
    assert alert_at(AAPL, None, 18_750, ACCOUNT) is None
    assert alert_at(AAPL, quote(last=None), 18_750, ACCOUNT) is None


def test_a_moved_one_keeps_what_it_is_and_turns_with_the_market() -> None:
    kept = Alert(id="a1", symbol="AAPL", condition="mid > 188.0", name="prior high", repeats=True, holds=True)
    moved = moved_alert(kept, AAPL, quote(), 18_700)
    assert moved is not None
    assert (moved.id, moved.condition, moved.name, moved.repeats) == ("a1", "mid <= 187.00", "prior high", True)
    assert moved.holds is None
    named = Alert(id="a2", symbol="AAPL", condition="last > 188", name="AAPL last > 188")
    again = moved_alert(named, AAPL, quote(), 18_800)
    assert again is not None
    assert again.name == ""
    assert moved_alert(Alert(symbol="AAPL", condition="rsi_14 < 30"), AAPL, quote(), 18_800) is None


def test_lines_are_the_waiting_alerts_on_one_price_of_the_instrument() -> None:
    def row(alert_id: str, condition: str, state: AlertState = AlertState.ARMED, symbol: str = "AAPL") -> AlertRow:
        return AlertRow(Alert(id=alert_id, symbol=symbol, condition=condition), state, "prices are stale")

    rows = [
        row("a1", "last > 187.5"),
        row("a2", "bid<=186", AlertState.SUSPENDED),
        row("a3", "last > 187 and rsi_14 < 30"),
        row("a4", "last > 190", AlertState.FIRED),
        row("a5", "last > 190", AlertState.OFF),
        row("a6", "last > 400", symbol="MSFT"),
        AlertRow(Alert(id="a7", symbol="AAPL", event="FILLED"), AlertState.ARMED),
    ]
    lines = alert_lines("AAPL", rows)
    assert [(line.alert_id, line.price) for line in lines] == [("a1", 187.5), ("a2", 186.0)]
    assert lines[1].text == "AAPL bid<=186  suspended: prices are stale"
