"""An own indicator through the real product: a file in the home's folder, its line on a live chart, edited."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import CALM, Product, running
from workstation.config.resources import resource_path
from workstation.desktop.panels.chart_panel import ChartPanel


def guides_example() -> str:
    text = resource_path("docs/guide/charts.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(found)


def line_of(chart: ChartPanel) -> np.ndarray | None:
    """Return the values that are shown, None before there are any."""
    QApplication.processEvents()
    (lines,) = chart.chart.model.indicators
    return lines.line(0)[: len(chart.chart.model.bars)].copy() if lines.ready else None


def shown(product: Product) -> ChartPanel:
    panel = product.window.add_panel("chart")
    assert isinstance(panel, ChartPanel)
    panel.show_symbol("AAPL")
    product.wait(lambda: len(panel.chart.model.bars) > 50 or None, "bars")
    panel.studies.restore(["own.middle.Middle bars=3 color=0"])
    return panel


def test_an_own_indicator_is_on_a_live_chart_and_follows_its_file(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "indicators"
    folder.mkdir()
    (folder / "middle.py").write_text(guides_example(), encoding="utf-8")
    with running(qtbot, tmp_path, *CALM) as product:
        panel = shown(product)
        product.wait(lambda: line_of(panel) is not None or None, "values")
        line, columns = line_of(panel), panel.chart.model.bars.columns
        assert line is not None
        assert np.isnan(line[:2]).all()
        middle = (columns[1, 9:12].max() + columns[2, 9:12].min()) / 2
        assert line[11] == middle
        (folder / "middle.py").write_text(guides_example().replace(") / 2", ") / 4"), encoding="utf-8")
        halved = product.wait(
            lambda: ((found := line_of(panel)) is not None and found[11] == middle / 2) or None, "the edited file"
        )
        assert halved
