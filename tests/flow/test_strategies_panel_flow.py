"""A strategy from the panel to the fill: made of the user's own file, started by mouse, seen in blotter and journal."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import Product, running
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.strategies_panel import StrategiesPanel
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, OriginKind
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.viewmodels.chart_marks import MarkSide

BUYER = '''
from workstation.strategies.api import Fill, Quote, Strategy, StrategyParameters


class Buyer(Strategy):
    """Buys once, as soon as there is a quote."""

    class Parameters(StrategyParameters):
        quantity: int = 1

    def on_start(self) -> None:
        self.bought = False
        self.quotes("SIM-FILL")

    def on_quote(self, quote: Quote) -> None:
        if not self.bought:
            self.bought = True
            order_id = self.buy("SIM-FILL", self.parameters.quantity)
            self.signal("SIM-FILL", "BUY", 0.8, reason="there is a quote", order_id=order_id)

    def on_fill(self, fill: Fill) -> None:
        self.log(f"bought {fill.quantity}")
'''


def panel_of(product: Product, qtbot: QtBot, code: str) -> StrategiesPanel:
    """Open the panel, make a strategy of the user's own code in it by mouse, and choose it."""
    panel = StrategiesPanel(product.context, "strategies-9")
    qtbot.addWidget(panel)
    panel.resize(1_000, 640)
    panel.show()
    product.wait(panel.code.count, "the code")
    panel.code.setCurrentText(code)
    product.click(panel.make)
    product.wait(lambda: len(panel.rows.definitions), "the strategy")
    panel.definitions.selectRow(0)
    product.wait(lambda: panel.shape and panel.start.isEnabled(), "its parameters")
    return panel


def test_an_own_strategy_is_made_started_and_stopped_in_the_panel_and_its_order_says_so(
    qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "buyer.py").write_text(BUYER)
    with running(qtbot, tmp_path) as product:
        panel = panel_of(product, qtbot, "buyer:Buyer")
        field = panel.findChild(object, "strategies-9_parameter_quantity")
        field.setText("3")
        field.textEdited.emit("3")
        assert panel.save.isEnabled()
        product.click(panel.save)
        product.wait(lambda: not panel.save.isEnabled() and panel.shape, "the parameters kept")
        product.click(panel.start)
        order = product.wait_for_order(
            lambda o: o.origin.kind is OriginKind.STRATEGY and o.status is OrdStatus.FILLED, "its fill"
        )
        assert (order.terms.symbol, order.terms.order_qty) == ("SIM-FILL", 3)
        product.stored(order)
        name = panel.rows.runs.row(0).run.run_name
        assert name not in ("", order.strategy_id)
        product.wait(lambda: any(f"strategy {name}" in row for row in product.rows("orders-1")), "its name there")
        chart = ChartPanel(product.context, "chart-9")
        qtbot.addWidget(chart)
        chart.show()
        chart.show_symbol("SIM-FILL")
        product.wait(lambda: chart.chart.model.signals, "its signal on the chart")
        assert "there is a quote" in chart.chart.model.signals[0].text
        assert chart.chart.model.signals[0].side is MarkSide.BUY
        panel.runs.selectRow(0)
        product.wait(lambda: "bought 3" in panel.log.toPlainText(), "its log")
        product.wait(lambda: "Open: SIM-FILL" in panel.own.text(), "its position")
        product.wait(lambda: "USD in positions and working orders" in panel.own.text(), "what it holds of its capital")
        held = panel.rows.runs.row(0).pace.capital
        assert 200 * MONEY_ONE < held.used < 400 * MONEY_ONE < held.headroom < 100_000 * MONEY_ONE
        product.wait(lambda: panel.rows.runs.row(0).run.figures.pnl, "its profit or loss, which moves with the market")
        for _ in range(2):
            qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
        product.wait(lambda: panel.rows.runs.row(0).run.status is StrategyRunStatus.STOPPED, "its end")
        chart.release()
        panel.release()


EDITION = '''
from workstation.strategies.api import Strategy


class Patient(Strategy):
    """Counts how often it has begun."""

    def on_start(self) -> None:
        self.times = getattr(self, "times", 0) + 1
        self.log(f"edition one, begun {self.times} times")

    def state(self) -> dict:
        return {"times": self.times}

    def restore(self, state: dict) -> None:
        self.times = state["times"]
'''


def test_a_run_takes_its_edited_file_whose_hash_is_kept_and_a_failure_is_told_with_its_line(
    qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "strategies" / "patient.py"
    file.parent.mkdir()
    file.write_text(EDITION)
    second = EDITION.replace("edition one", "edition two")
    line = "        self.times = getattr"
    third = EDITION.replace(line, f"        raise LookupError('no such day')\n{line}")
    with running(qtbot, tmp_path) as product:
        panel = panel_of(product, qtbot, "patient:Patient")
        product.click(panel.start)
        product.wait(lambda: len(panel.rows.runs), "the run")
        panel.runs.selectRow(0)
        product.wait(lambda: "edition one, begun 1 times" in panel.log.toPlainText(), "the first edition")
        file.write_text(second)
        product.click(panel.reload)
        product.wait(lambda: "edition two, begun 2 times" in panel.log.toPlainText(), "the second, with its state")
        code_hash = hashlib.sha256(second.encode()).hexdigest()
        product.wait(lambda: panel.rows.runs.row(0).run.code_hash == code_hash, "its hash")
        product.wait(lambda: product.program.store.reader.runs.source(code_hash) == second, "its text in the database")
        file.write_text(third)
        product.wait(panel.reload.isEnabled, "the button")
        product.click(panel.reload)
        product.wait(lambda: panel.rows.runs.row(0).run.status is StrategyRunStatus.ERROR, "its failure")
        product.wait(lambda: "LookupError: no such day" in panel.log.toPlainText(), "why it failed")
        assert 'patient.py", line 9, in on_start' in panel.log.toPlainText()
        panel.release()
