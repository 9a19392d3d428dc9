"""Scenes: a state of the whole program brought about by command, for pictures of it.

A scene speaks to the engine as a person would, through the gateway, from a thread of its own, and waits on frames for
what it asked. It belongs to no walk and knows no widget: `picture` shows what the engine then has to show.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from workstation.commands.params import Arm, CancelOne, PlaceOrder, ReplayControl, SwitchFault, Watch
from workstation.commands.records import CreateRecord
from workstation.commands.registry import CommandResult, Gateway
from workstation.domain.alerts import Alert, SaveAlert
from workstation.domain.errors import UserError, WorkstationError
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, Origin, OriginKind, Side
from workstation.domain.records import StrategyDefinition
from workstation.kernel.mailbox import MailboxFull
from workstation.strategies.run_terms import StartRun
from workstation.viewmodels.frames import QuoteSnap
from workstation.viewmodels.screen_state import ScreenState
from workstation.viewmodels.session import Session

STEP_TIMEOUT_S = 20.0
LOOK_S = 0.02
CONSUMER = "scene"
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


class SceneFailed(WorkstationError):
    """A step of a scene did not come about in time."""


class Stage:
    """What a scene acts on: commands with their answers, and the state that frames tell."""

    def __init__(self, session: Session, gateway: Gateway) -> None:
        self.session = session
        self.account = session.accounts[0].account
        self._gateway = gateway
        self._state = ScreenState()
        self._outbox = session.open_outbox(lambda: None)

    def enter(self) -> None:
        """Ask for every quote."""
        self.ask("market.watch", Watch(consumer=CONSUMER, quotes=frozenset(self.session.instruments)))

    def leave(self) -> None:
        """End; the engine forgets this consumer."""
        self.ask("market.watch", Watch(consumer=CONSUMER))
        self.session.close_outbox(self._outbox)

    def until(self, fact: Callable[[ScreenState], bool], what: str) -> ScreenState:
        """Return the state once a fact holds.

        Raises:
            SceneFailed: it does not within STEP_TIMEOUT_S.
        """
        end = time.monotonic() + STEP_TIMEOUT_S
        while time.monotonic() < end:
            self._state.apply(self._outbox.take())
            if fact(self._state):
                return self._state
            time.sleep(LOOK_S)
        raise SceneFailed(f"never: {what}")

    def ask(self, command_id: str, params: msgspec.Struct, kind: OriginKind = OriginKind.TICKET) -> CommandResult:
        """Run a command and return its answer.

        Raises:
            SceneFailed: no answer within STEP_TIMEOUT_S.
        """
        answered = threading.Event()
        answers: list[CommandResult] = []

        def reply(result: CommandResult) -> None:
            answers.append(result)
            answered.set()

        origin = Origin(kind=kind, detail="scene", user="local", ts_gesture=self.session.mono_ns())
        try:
            self._gateway.call(command_id, params, origin, reply)
        except MailboxFull as error:
            raise SceneFailed(f"{command_id}: the engine is behind") from error
        if not answered.wait(STEP_TIMEOUT_S):
            raise SceneFailed(f"no answer to {command_id}")
        return answers[0]

    def quote(self, symbol: str) -> tuple[int, int]:
        """Return bid and ask of a fresh quote."""

        def fresh(state: ScreenState) -> bool:
            quote = state.quotes.get(symbol)
            return quote is not None and quote.freshness == "FRESH" and None not in (quote.bid, quote.ask)

        quote: QuoteSnap = self.until(fresh, f"a quote of {symbol}").quotes[symbol]
        return quote.bid or 0, quote.ask or 0

    def order(self, symbol: str, qty: int, ticks: int, kind: OriginKind = OriginKind.TICKET, **legs: int) -> OrderState:
        """Place a limit order `ticks` through the near side: negative rests behind it. qty: signed, + buys.

        legs: stop_loss and take_profit, ticks away from the order's price.

        Raises:
            SceneFailed: it was refused; with the refusal's own words.
        """
        answer = self._placed(symbol, qty, ticks, kind, **legs)
        if not answer.ok or not isinstance(answer.data, OrderState):
            raise SceneFailed(f"order of {qty:+,} {symbol}: {answer.text}")
        return answer.data

    def refused(self, symbol: str, qty: int, ticks: int) -> None:
        """Place a limit order that is more than the limits allow.

        Raises:
            SceneFailed: it was taken.
        """
        if self._placed(symbol, qty, ticks, OriginKind.TICKET).ok:
            raise SceneFailed(f"order of {qty:+,} {symbol}: taken where a refusal was to be seen")

    def clear(self) -> None:
        """Cancel every order of the account that still works: one left by another scene may stand in the way."""
        left = [order for order in self._state.orders.values() if order.is_open and order.terms.account == self.account]
        for order in left:
            self.ask("order.cancel", CancelOne(cl_ord_id=order.cl_ord_id))
            self.known(order, _is_final, f"{order.terms.symbol} cancelled")

    def _placed(self, symbol: str, qty: int, ticks: int, kind: OriginKind, **legs: int) -> CommandResult:
        bid, ask = self.quote(symbol)
        side = Side.BUY if qty > 0 else Side.SELL
        instrument = self.session.instruments[symbol]
        price = instrument.step(bid if qty > 0 else ask, ticks * side.sign)
        terms = OrderTerms(
            symbol=symbol,
            account=self.account,
            side=side,
            ord_type=OrdType.LIMIT,
            order_qty=abs(qty) * instrument.lot,
            price=price,
        )
        stop, target = legs.get("stop_loss"), legs.get("take_profit")
        return self.ask(
            "order.submit",
            PlaceOrder(
                terms=terms,
                allow_duplicate=True,
                stop_loss_px=None if stop is None else instrument.step(price, -stop * side.sign),
                take_profit_px=None if target is None else instrument.step(price, target * side.sign),
            ),
            kind,
        )

    def known(self, order: OrderState, fact: Callable[[OrderState], bool], what: str) -> None:
        """Wait until a fact holds of an order."""
        self.until(lambda state: order.cl_ord_id in state.orders and fact(state.orders[order.cl_ord_id]), what)


class Scene(msgspec.Struct, frozen=True):
    """A scene and how the desktop looks at it.

    front: panel before its tabs, by id, or a kind to open; alone: nothing else is shown. workspace: the one that is
    shown, "" for that of a first start. first: buttons, by name, at the start. press, last: a key command and buttons
    once the scene stands.
    """

    play: Callable[[Stage], None]
    front: str = "orders-1"
    press: str = ""
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    workspace: str = ""
    alone: bool = False


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
    "alerts": Scene(watched, front="alerts", alone=True),
    "backtests": Scene(live, front="backtests", alone=True),
    "blotter": Scene(trading, front="orders-1", alone=True),
    "charts": Scene(trading, front="chart-1", alone=True),
    "connections": Scene(trading, front="connections", alone=True),
    "data": Scene(live, front="stored_data", alone=True),
    "keys": Scene(live, front="hotkeys", alone=True),
    "ladders": Scene(trading, workspace="ladders"),
    "start": Scene(live, press="screen.start_page"),
    "risk": Scene(trading, front="risk", alone=True),
    "scripts": Scene(live, front="api_access", alone=True),
    "settings": Scene(live, front="settings", alone=True),
    "sweeps": Scene(live, front="sweeps", alone=True),
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
