"""A market that was recorded live is history: catalogued, exported and run a strategy on, without an import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.product_rig import running_headless
from tests.helpers.storage_flow import quoted, wait_for
from workstation.__main__ import main
from workstation.ports.market_data import DataKind
from workstation.storage import open_view

MAKER = """
from workstation.strategies.api import Strategy


class Once(Strategy):
    def on_start(self):
        self.bought = False
        self.quotes("AAPL")

    def on_quote(self, quote):
        if not self.bought and quote.ask is not None:
            self.bought = True
            self.buy("AAPL", 10)
"""


def recorded(home: Path) -> list[tuple[str, DataKind]]:
    view = open_view("", home)
    try:
        return [(holding.symbol, holding.kind) for holding in view.history.holdings()]
    finally:
        view.close()


def test_recorded_ticks_are_listed_exported_and_traded_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    (home / "strategies").mkdir(parents=True)
    (home / "strategies" / "once.py").write_text(MAKER)
    with running_headless(home, "--no-api", "--set", "marketdata.store_ticks=true") as program:
        quoted(program, "AAPL")
        wait_for(lambda: ("AAPL", DataKind.TICKS) in recorded(home))

    def said(*words: str) -> str:
        assert main([*words, "--home", str(home)]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    [line] = [line for line in said("data", "list").splitlines() if line.startswith("AAPL ticks")]
    assert "recorded" in line
    assert "0 damaged" in said("data", "verify")
    file = tmp_path / "quotes.csv"
    said("export", str(file), "--symbol", "AAPL", "--kind", "quotes")
    rows = file.read_text().splitlines()
    assert len(rows) > 2
    asked = ("--symbol", "AAPL", "--data", "quotes,trades", "--fees", "zero", "--any-size", "--json")
    result = json.loads(said("backtest", "once:Once", *asked))
    assert result["fills"] == 1


def test_an_import_of_the_same_name_has_its_own_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, file = tmp_path / "home", tmp_path / "aapl.csv"
    with running_headless(home) as program:
        quoted(program, "AAPL")
    file.write_text("time,open,high,low,close,volume\n2020-01-02T15:00:00Z,74.06251,75.1,73.8,75.08751,1\n")
    asked = ["import", str(file), "--home", str(home), "--symbol", "AAPL", "--interval", "1m", "--stamp", "open"]
    assert main(asked) == 1, "what it is measured in is not guessed from the venue"
    assert "--new" in capsys.readouterr().err
    assert main([*asked, "--new", "stock", "--price-decimals", "5"]) == 0
    view = open_view("", home)
    try:
        found = view.history.instrument("AAPL")
    finally:
        view.close()
    assert found is not None
    assert found.price_decimals == 5
