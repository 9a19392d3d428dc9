"""Scenes: a state of the whole program brought about by command, for pictures of it.

It belongs to no walk and knows no widget: `picture` shows what the engine then has to show.
"""

import threading
from collections.abc import Callable
from typing import Any

import msgspec

from workstation.app.scene_stage import SceneFailed, Stage
from workstation.app.scenes_studies import backtests, scripts, sweeps
from workstation.commands.params import Arm, CancelOne, ReplayControl, SwitchFault
from workstation.commands.records import CreateRecord
from workstation.commands.registry import Gateway
from workstation.domain.alerts import Alert, SaveAlert
from workstation.domain.errors import UserError
from workstation.domain.orders import OrderState, OrdStatus, OriginKind
from workstation.domain.records import StrategyDefinition
from workstation.strategies.run_terms import StartRun
from workstation.viewmodels.session import Session

REPLAY_SPEED = 20.0
OUTAGE_S = "600"
"""How long a fault of a scene lasts: longer than any picture takes."""

FOCUS, SECOND, PARTIAL, REJECTED = "AAPL", "MSFT", "SIM-PARTIAL", "SIM-REJECT"
STOCKS = ((FOCUS, 300), (SECOND, 200), ("NVDA", 100), ("SPY", -150))
"""What the trading scene holds: symbol and signed quantity, + long."""


FIRST_DAY = "2024-01-02"
RUNNING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Index maker", "market_maker:MarketMaker", {"symbol": "SPY", "quantity": 100}),
    ("Cross of averages", "sma_cross:SmaCross", {}),
)
"""What runs in the scene of strategies: name, code, parameters."""


class Scene(msgspec.Struct, frozen=True):
    """A scene and how the desktop looks at it.

    front: panel before its tabs, by id, or a kind to open; alone: nothing else is shown. priced: live prices are waited
    for. workspace: the one that is shown, "" for that of a first start. first: buttons, by name, at the start. press,
    last, chosen: a key command, buttons, and a row of a table to select, once the scene stands.
    """

    play: Callable[[Stage], None]
    front: str = "orders-1"
    press: str = ""
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    chosen: tuple[tuple[str, int], ...] = ()
    workspace: str = ""
    alone: bool = False
    priced: bool = True


def live(stage: Stage) -> None:
    """Wait for prices; nothing is done."""
    stage.quote(next(iter(stage.session.instruments)))


def armed(stage: Stage) -> None:
    """Arm hand entry and rest two orders around the market."""
    _arm(stage)
    for qty, ticks in ((100, -4), (-100, -5)):
        stage.known(stage.order(FOCUS, qty, ticks), _is_working, "working")


def trading(stage: Stage) -> None:
    """Trade: positions, a bracket, partial fills, resting and cancelled orders, a reject and a refusal."""
    _arm(stage)
    for symbol, qty in STOCKS:
        stage.known(stage.order(symbol, qty, 20, OriginKind.HOTKEY), _is_final, "filled")
    stage.known(stage.order(SECOND, 100, 20, stop_loss=120, take_profit=180), _is_final, "filled")
    stage.known(stage.order(PARTIAL, 90, 2, OriginKind.REST), _is_final, "filled in parts")
    stage.known(stage.order(REJECTED, 100, 2), _is_final, "rejected")
    stage.refused(FOCUS, 500_000, -1)
    for qty, ticks in ((200, -3), (300, -7), (-200, -4), (-100, -9)):
        stage.known(stage.order(FOCUS, qty, ticks, OriginKind.LADDER), _is_working, "working")
    mistaken = stage.order(SECOND, 100, -30)
    stage.known(mistaken, _is_working, "working")
    stage.ask("order.cancel", CancelOne(cl_ord_id=mistaken.cl_ord_id))
    stage.known(mistaken, _is_final, "cancelled")
    stage.until(lambda state: len(state.positions) >= len(STOCKS), "positions")


def stale(stage: Stage) -> None:
    """Trade, then let the feed stand still until every price is old."""
    trading(stage)
    stage.ask("venue.fault", SwitchFault(kind="freeze", arguments={"for_s": OUTAGE_S}))
    stage.until(lambda state: state.quotes[FOCUS].freshness == "STALE", "stale prices")


def disconnected(stage: Stage) -> None:
    """Trade, then lose the venue with orders working."""
    trading(stage)
    stage.ask("venue.fault", SwitchFault(kind="disconnect", arguments={"for_s": OUTAGE_S}))
    stage.until(lambda state: state.status is not None and state.status.venue_state != "UP", "the venue down")


def damaged(stage: Stage) -> None:
    """Wait for the orders that a damaged database still shows; nothing can be done.

    Raises:
        SceneFailed: the database is sound.
    """
    state = stage.until(lambda state: bool(state.orders) and state.status is not None, "orders in view")
    if state.status is not None and state.status.venue_state == "UP":
        raise SceneFailed("the database is sound, there is nothing to be seen")


def replay(stage: Stage) -> None:
    """Let a recording run, trade on paper half-way, and hold it there: one position and one resting order."""
    symbol = next(iter(stage.session.instruments))
    _arm(stage)
    stage.ask("venue.replay", ReplayControl(action="speed", speed=REPLAY_SPEED))
    stage.until(lambda state: state.status is not None and (state.status.replay_progress or 0) > 0.5, "half-way")
    stage.ask("venue.replay", ReplayControl(action="speed", speed=1.0))
    stage.known(stage.order(symbol, 50, 30, OriginKind.HOTKEY), _is_final, "filled")
    stage.known(stage.order(symbol, 100, -9, OriginKind.LADDER), _is_working, "working")
    stage.ask("venue.replay", ReplayControl(action="pause"))


def strategies(stage: Stage) -> None:
    """Trade, and let two of the shipped strategies run beside it."""
    trading(stage)
    for name, entry_point, parameters in RUNNING:
        draft = StrategyDefinition(
            name=name, strategy_type="CUSTOM", user_id="local", rebalance_frequency="",
            config={"entry_point": entry_point}, parameters=parameters,
        )  # fmt: skip
        made = stage.ask("strategy.create", CreateRecord(record=draft)).data
        wish = StartRun(strategy_id=made.id, account=stage.account, initial_capital="100000", start_date=FIRST_DAY)
        answer = stage.ask("strategy.start", wish)
        if not answer.ok:
            raise SceneFailed(f"{name}: {answer.text}")
    ours = (OriginKind.STRATEGY,)
    stage.until(lambda state: any(o.origin.kind in ours for o in state.orders.values()), "an order of a strategy")


def watched(stage: Stage) -> None:
    """Trade, and have two alerts wait beside it."""
    trading(stage)
    for condition, note in (("last > 400", "new high"), ("rsi_14 < 30", "")):
        alert = Alert(symbol=FOCUS, condition=condition, name=note, account=stage.account)
        answer = stage.ask("alert.save", SaveAlert(alert=alert))
        if not answer.ok:
            raise SceneFailed(f"{condition}: {answer.text}")


SCENES = {
    "live": Scene(live),
    "empty": Scene(live, front="positions-1"),
    "disarmed": Scene(live, press="trade.buy_take"),
    "armed": Scene(armed),
    "trading": Scene(trading),
    "fills": Scene(trading, front="fills-1"),
    "positions": Scene(trading, front="positions-1"),
    "pnl": Scene(trading, front="pnl-1"),
    "strategies": Scene(strategies, workspace="strategies"),
    "stale": Scene(stale, press="trade.buy_take"),
    "disconnected": Scene(disconnected),
    "damaged": Scene(damaged, priced=False),
    "alerts": Scene(watched, front="alerts", alone=True),
    "backtests": Scene(backtests, front="backtests", alone=True, chosen=(("backtests-1_runs", 0),)),
    "blotter": Scene(trading, front="orders-1", alone=True),
    "charts": Scene(trading, front="chart-1", alone=True),
    "connections": Scene(trading, front="connections", alone=True),
    "data": Scene(live, front="stored_data", alone=True, chosen=(("stored_data-1_series", 1),)),
    "keys": Scene(live, front="hotkeys", alone=True),
    "ladders": Scene(trading, workspace="ladders"),
    "start": Scene(live, press="screen.start_page"),
    "risk": Scene(trading, front="risk", alone=True),
    "scripts": Scene(scripts, front="api_access", alone=True),
    "settings": Scene(live, front="settings", alone=True),
    "sweeps": Scene(sweeps, front="sweeps", alone=True, chosen=(("sweeps-1_sweeps", 0),)),
    "watchlist": Scene(trading, front="watchlist-1", alone=True),
    "replay": Scene(replay, front="fills-1", first=("chart-1_interval_5s",), last=("ladder-1_centre",)),
}
"""Every scene by the name that `--shot-scene` takes."""


class SceneThread:
    """Plays a scene beside the desktop. `done` once it stands; `failure` says why it does not."""

    def __init__(self, name: str, session: Session, gateway: Gateway) -> None:
        self.scene = scene_named(name)
        self.failure = ""
        self._session, self._gateway = session, gateway
        self._thread = threading.Thread(target=self._run, name="scene", daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def done(self) -> bool:
        """Tell whether the scene stands, or never will."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        stage = Stage(self._session, self._gateway)
        try:
            stage.enter()
            self.scene.play(stage)
        except SceneFailed as error:
            self.failure = str(error)
        finally:
            stage.leave()


def scene_named(name: str) -> Scene:
    """Return a scene.

    Raises:
        UserError: there is none of that name.
    """
    if name not in SCENES:
        raise UserError(f"--shot-scene {name}: expected one of {', '.join(SCENES)}")
    return SCENES[name]


def _arm(stage: Stage) -> None:
    stage.until(
        lambda s: bool(s.accounts) and all(a.lock == "UNLOCKED" for a in s.accounts.values()), "unlocked accounts"
    )
    stage.ask("risk.arm", Arm(environment=stage.session.environment))
    stage.until(lambda s: s.status is not None and s.status.armed is not None, "armed")
    stage.clear()


def _is_working(order: OrderState) -> bool:
    return order.status is OrdStatus.SUBMITTED or not order.is_open


def _is_final(order: OrderState) -> bool:
    return not order.is_open
