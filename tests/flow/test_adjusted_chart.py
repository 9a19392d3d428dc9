"""A split and a dividend through the real product: imported with prints, adjusted on a chart that is laid from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.market_imports import DataHome
from tests.helpers.product_rig import CALM, Product, running
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.viewmodels.chart_adjustment import PriceKind

LAID = 4


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataHome:
    """Return a home with forty prints of AAPL: a dividend of 1.00 on 5 January, a split 2:1 on the 8th."""
    made = DataHome(tmp_path / "home", capsys)
    prints = ["time,price,size"]
    for day, price in (("02", "40.00"), ("10", "20.00")):
        prints += [f"2024-01-{day}T15:00:{second:02}Z,{price},100" for second in range(20)]
    file = made.file("trades.csv", "\n".join(prints) + "\n")
    assert made.call("import", file, "--symbol", "AAPL", "--new", "stock") == 0, made.errors
    factors = made.file("aapl.csv", "20240104,0.975,0.5,40\n20240105,1,0.5,40\n20501231,1,1,0\n")
    assert made.call("import", factors, "--symbol", "AAPL", "--format", "actions") == 0, made.errors
    return made


def laid(product: Product) -> ChartPanel:
    panel = product.window.add_panel("chart")
    assert isinstance(panel, ChartPanel)
    panel.show_symbol("AAPL")
    panel.show_interval("10t")
    return panel


def closes(panel: ChartPanel) -> list[float]:
    QApplication.processEvents()
    return panel.chart.model.bars.columns[3, :LAID].round(6).tolist()


def test_bars_laid_from_imported_prints_are_adjusted_by_what_was_imported_too(qtbot: QtBot, home: DataHome) -> None:
    with running(qtbot, home.root, *CALM) as product:
        panel = laid(product)
        product.wait(lambda: closes(panel) == [20.0] * 4 or None, "prices adjusted for the split")
        assert panel.chart.model.bars.columns[4, :LAID].tolist() == [2_000.0, 2_000.0, 1_000.0, 1_000.0]
        assert panel.tools.prices_button.toolTip() == "Adjusted for 1 split, not adjusted for 1 dividend."
        panel.tools.prices[PriceKind.TOTAL].trigger()
        assert closes(panel) == [19.5, 19.5, 20.0, 20.0]
        panel.tools.prices[PriceKind.RAW].trigger()
        assert closes(panel) == [40.0, 40.0, 20.0, 20.0]
        panel.show_interval("1m")
        product.wait(lambda: len(panel.chart.model.bars) > LAID or None, "the simulated market's own bars")
        assert panel.tools.prices_button.isHidden(), "which no split is in"
