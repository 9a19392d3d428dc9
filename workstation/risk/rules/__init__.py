"""The rules, one a file, in the order in which they speak.

The first refusal decides the order's final state; `explain` shows every answer. ENTRY judges what adds risk: may anyone
trade at all, then compliance, then risk, then funds. EXIT judges what takes risk away: it is capped and never blocked
by limits, arming, locks, kill switches or lockouts.
"""

from workstation.risk.rules.account_permission import AccountPermission
from workstation.risk.rules.account_tradable import AccountTradable
from workstation.risk.rules.armed import Armed
from workstation.risk.rules.base import Rule
from workstation.risk.rules.buying_power import BuyingPower
from workstation.risk.rules.close_only import CloseOnly
from workstation.risk.rules.credential_cap import CredentialCap
from workstation.risk.rules.custom import Custom
from workstation.risk.rules.daily_loss import DailyLoss
from workstation.risk.rules.drawdown import Drawdown
from workstation.risk.rules.duplicate import Duplicate
from workstation.risk.rules.freshness import Freshness
from workstation.risk.rules.gross_exposure import GrossExposure
from workstation.risk.rules.kill_switch import KillSwitch
from workstation.risk.rules.live_permit import LivePermit
from workstation.risk.rules.lockout import Lockout
from workstation.risk.rules.market_closed import MarketClosed
from workstation.risk.rules.open_orders import OpenOrders
from workstation.risk.rules.order_notional import OrderNotional
from workstation.risk.rules.order_quantity import OrderQuantity
from workstation.risk.rules.orders_per_day import OrdersPerDay
from workstation.risk.rules.orders_per_minute import OrdersPerMinute
from workstation.risk.rules.orders_per_second import OrdersPerSecond
from workstation.risk.rules.permit_cap import PermitCap
from workstation.risk.rules.position_notional import PositionNotional
from workstation.risk.rules.position_quantity import PositionQuantity
from workstation.risk.rules.price_collar import PriceCollar
from workstation.risk.rules.reduction import Reduction
from workstation.risk.rules.restricted_symbol import RestrictedSymbol
from workstation.risk.rules.run_position_size import RunPositionSize
from workstation.risk.rules.self_trade import SelfTrade
from workstation.risk.rules.short_sale import ShortSale
from workstation.risk.rules.strategy_capital import StrategyCapital
from workstation.risk.rules.tradable import Tradable
from workstation.risk.rules.trading_hours import TradingHours
from workstation.risk.rules.trading_lock import TradingLock
from workstation.risk.rules.wash_trade import WashTrade

ENTRY: tuple[Rule, ...] = (
    # May anyone trade here?
    AccountTradable(),
    Tradable(),
    Armed(),
    TradingLock(),
    KillSwitch(),
    LivePermit(),
    # Compliance
    RestrictedSymbol(),
    AccountPermission(),
    MarketClosed(),
    TradingHours(),
    ShortSale(),
    SelfTrade(),
    WashTrade(),
    Custom(),
    # Risk
    Freshness(),
    Reduction(),
    Lockout(),
    CloseOnly(),
    Duplicate(),
    OrderQuantity(),
    OrderNotional(),
    CredentialCap(),
    PermitCap(),
    PriceCollar(),
    PositionQuantity(),
    PositionNotional(),
    RunPositionSize(),
    StrategyCapital(),
    GrossExposure(),
    OpenOrders(),
    OrdersPerSecond(),
    OrdersPerMinute(),
    OrdersPerDay(),
    DailyLoss(),
    Drawdown(),
    # Funds
    BuyingPower(),
)

EXIT: tuple[Rule, ...] = (Duplicate(), Reduction())
