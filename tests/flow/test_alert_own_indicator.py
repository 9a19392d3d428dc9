"""An alert on an indicator of the user's own, through the running product: refused, kept, fired, suspended by name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.helpers.own_code import SPAN
from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import on_engine, wait_for
from workstation.app.bootstrap import Program
from workstation.domain.alerts import HOLDS_ALREADY, Alert, AlertRow, AlertState, ListAlerts, SaveAlert

SYMBOL = "AAPL"
ABOVE = Alert(id="", symbol=SYMBOL, condition="last > own.span.Span_5.low * 0.5", interval="1_MINUTE", name="span")


def row(program: Program) -> AlertRow:
    (found,) = ask(program, "alert.list", ListAlerts()).data
    assert isinstance(found, AlertRow)
    return found


def test_an_alert_reads_an_own_indicator_and_says_when_its_file_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "indicators"
    with running_headless(tmp_path) as program:
        cache = program.engine.core.market.cache
        wait_for(lambda: on_engine(program, lambda: cache.price(SYMBOL).is_fresh))
        refused = ask(program, "alert.save", SaveAlert(alert=ABOVE))
        assert not refused.ok
        assert "own.span.Span_5.low: there is no indicators/span.py" in refused.text
        folder.mkdir()
        (folder / "span.py").write_text(SPAN, encoding="utf-8")
        assert ask(program, "alert.save", SaveAlert(alert=ABOVE, fire_now=None)).code == HOLDS_ALREADY
        assert ask(program, "alert.save", SaveAlert(alert=ABOVE, fire_now=True)).ok
        assert (row(program).state, row(program).alert.fired_count) == (AlertState.FIRED, 1)
        again = row(program).alert
        kept = SaveAlert(alert=Alert(id=again.id, symbol=SYMBOL, condition=ABOVE.condition, interval="1_MINUTE"))
        assert ask(program, "alert.save", kept).ok
        assert row(program).state is AlertState.ARMED
        assert re.fullmatch(r"last [\d.,]+, own\.span\.Span_5\.low [\d.,]+", row(program).reading)
    (folder / "span.py").unlink()
    with running_headless(tmp_path) as program:
        found = wait_for(lambda: (now := row(program)).state is AlertState.SUSPENDED and "span" in now.remark and now)
        assert found.remark == "there is no indicators/span.py"
