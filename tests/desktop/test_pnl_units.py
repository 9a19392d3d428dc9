"""The P&L panel in money, ticks, R and hidden: the click, the menu, what cannot be said, what stays."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.desktop.test_pnl_panel import account, choose, panel
from tests.helpers.desktop_rig import DesktopRig, position
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.domain.numbers import MONEY_ONE

__all__ = ["panel"]


def cells(panel: PnlPanel, name: str) -> list[str]:
    column = panel.columns.column_named(name)
    return [panel.columns.index(row, column).data() for row in range(panel.columns.rowCount())]


def test_a_click_on_the_net_goes_from_money_to_ticks_to_r_to_nothing(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(positions=[position(100, risk=10 * MONEY_ONE)], accounts=[account(-410)])
    read = []
    for _ in range(5):
        read.append((panel.net.text(), panel.net.accessibleName(), cells(panel, "open"), cells(panel, "net")))
        qtbot.mouseClick(panel.net, Qt.MouseButton.LeftButton)
    assert read == [
        ("−410.00 USD", "Net −410.00 USD", ["+19.00"], ["+19.00"]),
        ("+19.0t", "Open profit +19.0t", ["+19.0t"], ["+19.00"]),
        ("+1.9R", "Open profit +1.9R", ["+1.9R"], ["+19.00"]),
        ("P&L", "Profit and loss hidden", [""], [""]),
        ("−410.00 USD", "Net −410.00 USD", ["+19.00"], ["+19.00"]),
    ]
    assert panel.figures["open"].text() == "+19.0t"


def test_hidden_figures_stay_hidden_and_the_limit_stays(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(positions=[position(100)], accounts=[account(-410)])
    choose(panel, "hidden")
    panel.resize(320, 460)
    rig.feed(positions=[position(200)], accounts=[account(-420)])
    assert (panel.net.text(), panel.net.property("role")) == ("P&L", "figure")
    assert not any(shown.isVisible() for shown in (*panel.figures.values(), panel.curve, panel.stretch))
    assert cells(panel, "fees") == [""]
    assert panel.limit.accessibleName().endswith("84% used")
    other = PnlPanel(rig.context, "pnl-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert other.net.text() == "P&L"
    choose(other, "money")
    assert other.net.text() == "−420.00 USD"
    other.release()


def test_what_ticks_and_r_cannot_say_is_said_in_words(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100), position(5, symbol="MSFT")], accounts=[account(10)])
    choose(panel, "ticks")
    assert panel.net.text() == "several"
    assert panel.caption.text().endswith("· ticks of several positions make no sum: each row has its own")
    assert cells(panel, "open") == ["+19.0t", "+19.0t"]
    panel.by.setCurrentIndex(panel.by.findData("account"))
    assert cells(panel, "open") == ["several"]
    rig.feed(positions=[position(0, symbol="MSFT")], accounts=[account(10)])
    assert (panel.net.text(), cells(panel, "open")) == ("+19.0t", ["+19.0t"])
    choose(panel, "last")
    assert panel.caption.text().endswith("· ticks are counted by the books alone")
    choose(panel, "r")
    assert panel.net.text() == "—"
    assert panel.caption.text().endswith("· no R: no protective stop says what is at risk")
    rig.feed(positions=[position(0)], accounts=[account(10)])
    assert panel.net.text() == "—"
