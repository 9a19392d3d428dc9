"""One figure in one frame: positions, P&L, ladder and top bar say what one core counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.core_rig import SYMBOL, CoreRig, instrument
from tests.helpers.desktop_rig import DesktopRig, status
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.shell.top_bar import TopBar
from workstation.domain.market import Quote
from workstation.domain.orders import Side
from workstation.marketdata.service import MarketData
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.pnl import MarkKind, Pnl
from workstation.viewmodels.figures import Figures
from workstation.viewmodels.pnl_view import GroupBy
from workstation.viewmodels.reconciled import VenueCash


class Both:
    """A core whose figures a desktop shows."""

    def __init__(self, rig: DesktopRig) -> None:
        self.rig, self.core = rig, CoreRig()
        state = self.core.state
        self.market = MarketData(self.core.clock, state.instruments, on_fault=lambda *_: None)
        self.pnl = Pnl(state.ledger, state.instruments, MarkKind.MID)
        funds = Accounts(state.ledger, self.pnl)
        venue_cash = VenueCash(state.ledger.cash)
        self.figures = Figures(state, self.market, self.pnl, funds, self.core.clock.now_ns, venue_cash=venue_cash)

    def quote(self, symbol: str, bid: int, ask: int) -> None:
        self.market.on_feed([Quote(symbol, bid, 5, ask, 5, self.core.now, self.core.now)])
        self.pnl.on_quote(symbol, bid, ask, self.core.now)

    def show(self) -> None:
        self.figures.refresh_all()
        positions, accounts = self.figures.take()
        self.rig.feed(positions=positions, accounts=accounts, status=status(now_ns=self.core.now))


@pytest.fixture
def both(qapp: object) -> Iterator[Both]:
    rig = DesktopRig(instrument(SYMBOL), instrument("XYZ"))
    yield Both(rig)
    rig.stop()


def test_the_same_figure_stands_everywhere_in_the_same_frame(both: Both, qtbot) -> None:
    context = both.rig.context
    pnl, positions = PnlPanel(context, "pnl-1"), PositionsPanel(context, "positions-1")
    ladder, bar = LadderPanel(context, "ladder-1"), TopBar(context)
    for widget in (pnl, positions, ladder, bar):
        qtbot.addWidget(widget)
        widget.show()
    ladder.show_symbol(SYMBOL)
    both.core.position(100, 10_000)
    short = both.core.submit(Side.SELL_SHORT, 30, 10_000, symbol="XYZ")
    both.core.broker.fill(short.cl_ord_id, 30, 10_000)
    for bid, ask in ((10_010, 10_021), (9_950, 9_953)):
        both.quote(SYMBOL, bid, ask)
        both.quote("XYZ", 10_100, 10_105)
        both.show()
        account = context.state.accounts[context.focus.account]
        rows = {snap.position.symbol: snap for snap in positions.positions.rows()}
        assert sum(snap.unrealised for snap in rows.values()) == account.unrealised != 0
        words = pnl.figures["open"].text()
        assert positions.totals.full_text.startswith(f"open {words}  realised {pnl.figures['realised'].text()}")
        assert bar.day.forms[0].startswith(pnl.net.text())
        row = next(row for row in sums(pnl, GroupBy.INSTRUMENT) if row.symbol == SYMBOL)
        assert row.open == rows[SYMBOL].unrealised
        assert (
            ladder.pnl.text() == f"{positions.columns.index(0, 0).siblingAtColumn(open_column(positions)).data()} USD"
        )
        assert [
            sum(row.net for row in sums(pnl, by)) for by in (GroupBy.INSTRUMENT, GroupBy.TRADE, GroupBy.ACCOUNT)
        ] == [account.net] * 3
    for panel in (pnl, positions, ladder):
        panel.release()


def open_column(positions: PositionsPanel) -> int:
    positions.view.sort_by([("symbol", False)])
    return positions.columns.column_named("open")


def sums(panel: PnlPanel, by: GroupBy) -> list:
    panel.by.setCurrentIndex(panel.by.findData(by.value))
    return [panel.columns.row_at(number) for number in range(panel.columns.rowCount())]
