"""A live run has the past of its bars at its start, as a backtest has, and takes none of it from a chart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.product_rig import running_headless
from tests.helpers.storage_flow import on_engine, quoted, wait_for
from workstation.__main__ import main
from workstation.app.screens import BARS_BEFORE
from workstation.marketdata.intervals import bar_type_of

SOURCE = """
from workstation.strategies.api import Strategy


class Recalling(Strategy):
    def on_start(self):
        self.means = [self.indicator("AAPL", text, "sma", bars=20, history=30) for text in ("1m", "5m", "1d")]

    def on_history(self, bars):
        told = [round(mean.value, 2) for mean in self.means if mean.ready]
        self.log(f"{len(bars)} of {bars[-1].interval}, {len(told)} means are known")
"""


def test_a_live_run_knows_bars_from_before_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKSTATION_HOME", str(tmp_path))
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "recalling.py").write_text(SOURCE, encoding="utf-8")

    def said(*words: str) -> str:
        assert main(list(words)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    with running_headless(tmp_path, "--api-port", "0") as program:
        quoted(program, "AAPL")
        said("strategies", "start", "recalling:Recalling", "--account", "SIM-MARGIN")
        logs = wait_for(lambda: (now := said("strategies", "logs", "recalling:Recalling")).count("means are known") == 3
                        and now)  # fmt: skip
        for interval in ("1m", "5m", "1d"):
            assert f"30 of {interval}" in logs
        assert "3 means are known" in logs
        series = program.engine.core.market.series
        kept = on_engine(program, lambda: len(series.seed("AAPL", bar_type_of("1m"), ())))
        assert kept >= BARS_BEFORE - 1, "a chart that is opened later has its past too"
