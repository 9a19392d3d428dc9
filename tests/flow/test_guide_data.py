"""The page on data is true: its commands run from top to bottom and say what it shows."""

from __future__ import annotations

import gzip
import re
import shlex
from pathlib import Path

import pytest

from tests.helpers.source_tree import ROOT
from workstation.__main__ import main

PAGE = ROOT / "resources" / "docs" / "guide" / "data.md"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
STARTER = "python3 packaging/bootstrap.py run "
MINUTES = """timestamp,open,high,low,close,volume
2024-01-02T15:00:00,10.00,10.50,9.50,10.25,100
2024-01-02T15:01:00,10.25,10.30,10.00,10.10,50
2024-01-02T15:02:00,10.10,10.20,10.00,10.15,70
2024-01-02T15:03:00,10.10,9.90,10.20,10.00,5
2024-01-02T15:05:00,10.15,10.20,10.10,10.20,40
"""
LISTED = """market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size
cbot,ZC,future,Corn Futures,USD,5000.0,0.0025,1.0
"""
CORN = """timestamp,open,high,low,close,volume
2024-01-02T15:00:00,4.0025,4.0050,4.0000,4.0025,7
"""
WHEAT = """timestamp,open,high,low,close,volume
2024-01-02T15:00:00,6.00,6.10,5.90,6.05,100
2024-01-02T18:00:00,6.05,6.10,6.00,6.05,40
2024-01-03T15:00:00,6.05,6.10,6.00,6.05,40
"""
GRAIN = """{"entries": {"Future-cbot-ZW": {"exchangeTimeZone": "America/Chicago",
"tuesday": [{"start": "08:30:00", "end": "13:20:00", "state": "market"}],
"wednesday": [{"start": "08:30:00", "end": "13:20:00", "state": "market"}], "holidays": ["1/1/2024"]}}}
"""


def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKSTATION_HOME", str(tmp_path / "home"))
    (tmp_path / "minutes.csv").write_text(MINUTES)
    (tmp_path / "actions.csv").write_text("ACME,2024-01-03,split,2:1\n")
    (tmp_path / "symbol-properties-database.csv.gz").write_bytes(gzip.compress(LISTED.encode()))
    (tmp_path / "corn.csv").write_text(CORN)
    (tmp_path / "market-hours-database.json.gz").write_bytes(gzip.compress(GRAIN.encode()))
    (tmp_path / "wheat.csv").write_text(WHEAT)
    (tmp_path / "meta.csv").write_text("20120518,fb,Q\n20220608,fb,Q\n20501231,meta,Q\n")
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    calls = [line for kind, text in found if kind == "sh" for line in text.splitlines()]
    assert len(calls) == 11
    said = []
    for call in calls:
        assert main(shlex.split(call.removeprefix(STARTER))) == 0, call
        said.append(capsys.readouterr().out)
    [shown] = [text for kind, text in found if kind == "text"]
    assert said[0] == shown
    assert "2 missing" in said[5]
    assert "was FB up to 2022-06-08" in said[6]
    assert "ACME bars 1_MINUTE" in said[7]
    assert "META symbols" in said[7]
    assert "tick 0.0025, lot 1, USD, as cbot lists it" in said[3]
    assert "2 missing" in said[8]
    assert (tmp_path / "acme.csv").read_text().splitlines()[1].startswith("2024-01-02T15:00:00")
