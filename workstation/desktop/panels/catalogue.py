"""Every kind of panel that a layout file or the panel menu can name."""

from workstation.desktop.panels.alerts_panel import AlertsPanel
from workstation.desktop.panels.api_access_panel import ApiAccessPanel
from workstation.desktop.panels.backtest_panel import BacktestsPanel
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.connections_panel import ConnectionsPanel
from workstation.desktop.panels.faults_panel import FaultsPanel
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.hotkeys_panel import HotkeysPanel
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.desktop.panels.positions_panel import PositionsPanel
from workstation.desktop.panels.provenance_panel import ProvenancePanel
from workstation.desktop.panels.risk_panel import RiskPanel
from workstation.desktop.panels.settings_panel import SettingsPanel
from workstation.desktop.panels.stored_data_panel import StoredDataPanel
from workstation.desktop.panels.strategies_panel import StrategiesPanel
from workstation.desktop.panels.sweep_panel import SweepsPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.panels.time_sales_panel import TimeSalesPanel
from workstation.desktop.panels.watchlist_panel import WatchlistPanel
from workstation.desktop.panels.webhooks_panel import WebhooksPanel
from workstation.desktop.shell.panel import Panel

PANEL_KINDS: dict[str, type[Panel]] = {
    panel.kind: panel
    for panel in (
        WatchlistPanel,
        ChartPanel,
        LadderPanel,
        TicketPanel,
        TimeSalesPanel,
        OrdersPanel,
        FillsPanel,
        PositionsPanel,
        PnlPanel,
        ProvenancePanel,
        RiskPanel,
        ConnectionsPanel,
        FaultsPanel,
        ApiAccessPanel,
        WebhooksPanel,
        HotkeysPanel,
        AlertsPanel,
        StrategiesPanel,
        BacktestsPanel,
        SweepsPanel,
        StoredDataPanel,
        SettingsPanel,
        LogPanel,
    )
}
"""The panels by kind."""
