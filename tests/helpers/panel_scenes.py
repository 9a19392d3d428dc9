"""Each kind of panel with fixed data in it, for pictures and for checks of how it looks.

A scene answers what the panel asks while it is made, then feeds it as the engine would. Nothing in it depends on the
machine, the day or the zone.
Long because each kind of panel has its scene here, so that a new kind without one is seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from tests.helpers.backtest_scene import backtest_answers
from tests.helpers.desktop_rig import (
    ACCOUNT,
    SECOND,
    START_NS,
    DesktopRig,
    depth,
    limit,
    order,
    position,
    quote,
    status,
)
from tests.helpers.sweep_scene import sweep_answers
from workstation.commands.limits import RiskStanding
from workstation.commands.outlook import OrderOutlook
from workstation.commands.registry import CommandResult
from workstation.commands.strategies import RunTail, StrategyBoard
from workstation.config.settings import load_settings
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.domain.accounts import Environment, LockState
from workstation.domain.alerts import Alert, AlertHook, AlertRow, AlertState
from workstation.domain.events import BreakFound
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.instruments import AssetClass
from workstation.domain.market import Aggressor, BarKind, BarType, StreamKind, Trade
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, OrdType, RequestKind, RiskClass, Side
from workstation.domain.records import ApiKey, LivePermit, StrategyDefinition, StrategyRun, Webhook
from workstation.domain.records.strategies import RunFigures, StrategyRunStatus
from workstation.domain.scopes import PRESETS
from workstation.domain.verdicts import Verdict
from workstation.ports.broker import AccountRights, SessionState, VenueStanding
from workstation.ports.deliveries import Delivery, DeliveryStatus
from workstation.ports.market_data import Coverage, DataBoard, DataKind, Holding, Hole
from workstation.ports.scripts import DoorStanding, HookBoard, RequestLine, ScriptBoard
from workstation.ports.stories import OrderStory
from workstation.ports.venue_board import AccountLine, VenueBoard, VenueLine
from workstation.risk.board import LimitLine, RiskBoard
from workstation.risk.limits import LimitScope, LimitType
from workstation.risk.permits import PermitUse
from workstation.risk.run_capital import RunCapital
from workstation.strategies.describing import CodeShape, ParameterField
from workstation.strategies.run_pace import RunPace
from workstation.strategies.runs import RunLine
from workstation.strategies.views import Policy
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.frames import AccountSnap, LogRow, Notice, StatusSnap, StreamSnap

MINUTE_NS = 60 * SECOND
ENTRY = "sma_cross:SmaCross"
KEYS = """version = 1

[[bind]]
id = "in"
keys = "F2"
do = "buy_limit"
price = "ask + 2t"
collar = "9t"

[[bind]]
id = "out"
keys = "F9"
do = "flatten"
"""


class Scene(NamedTuple):
    """Size of the panel in logical pixels, what is answered while it is made, and what it is fed."""

    size: tuple[int, int]
    answers: Callable[[DesktopRig], dict[str, Any]] = lambda _rig: {}
    play: Callable[[Panel, DesktopRig], None] = lambda _panel, _rig: None


class Shown(NamedTuple):
    """A panel as it stands in a window: `holder` is the panel, or the panel under its link chip."""

    panel: Panel
    holder: QWidget


def shown_panel(kind: str, rig: DesktopRig, folder: Path) -> Shown:
    """Make a panel with its scene, for a picture."""
    rig.gateway.answers |= SCENES[kind].answers(rig)
    rig.feed(status=status_of_scene())
    shown = standing_panel(kind, rig, folder)
    rig.feed(status=status_of_scene())
    settle(rig)
    SCENES[kind].play(shown.panel, rig)
    settle(rig)
    return shown


def standing_panel(kind: str, rig: DesktopRig, folder: Path, *, symbol: str = "AAPL", files: bool = True) -> Shown:
    """Make a panel as a window does and show it. files: with what it reads and writes in `folder`.

    It is laid out and painted, but stands on no screen: a pointer, a focus or an active window that another test left
    never reaches it.
    """
    context = rig.context
    if kind == "settings" and files:
        path = folder / "config.toml"
        path.write_text('[desktop]\ntheme = "light"\n', "utf-8")
        context = dataclasses.replace(context, settings=SettingsStore(path, load_settings(path)))
    if kind == "hotkeys" and files:
        path = folder / "hotkeys.toml"
        path.write_text(KEYS, "utf-8")
        HotkeyFilter(context, path).store.load()
    panel = PANEL_KINDS[kind](context, f"{kind}-1")
    holder = PanelHeader.wrap(panel)
    holder.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    holder.resize(*SCENES[kind].size)
    holder.show()
    if panel.linked and symbol:
        panel.set_link_group("A")
        panel.show_symbol(symbol)
    return Shown(panel, holder)


def settle(rig: DesktopRig) -> None:
    """Hand out answers and let everything be laid out; no field keeps a blinking cursor."""
    rig.bridge._on_answered()
    for _ in range(2):  # a bar that takes another line has those around it laid out again
        QApplication.processEvents()
    focused = QApplication.focusWidget()
    if focused is not None:
        focused.clearFocus()


def status_of_scene(**changes: Any) -> StatusSnap:
    """Return the status of a scene: armed, with one stream that is well."""
    streams = (
        StreamSnap(stream=StreamKind.QUOTES, state="UP", worst_age_ms=40, worst_symbol="AAPL", updates_per_s=9.0),
    )
    return status(**{"now_ns": START_NS + SECOND, "armed": Environment.SIM, "streams": streams} | changes)


def _ok(data: Any) -> CommandResult:
    return CommandResult(ok=True, text="", data=data)


def _quotes(rig: DesktopRig) -> None:
    rig.feed(
        quotes=[
            quote(),
            quote("MSFT", 41_203, 41_206, prev_close=41_530, volume=812_400, last=41_205),
            quote("ESZ6", 587_425, 587_450, prev_close=586_000, volume=96_120, freshness="STALE", age_ms=7_400),
        ]
    )


def _fill(number: int, side: Side, qty: int, price: int, **changes: Any) -> Execution:
    fields: dict[str, Any] = {
        "exec_key": f"X-{number}", "exec_id": f"X-{number}", "uid": f"X-{number}", "cl_ord_id": f"OMS-{number}",
        "order_id": f"V-{number}", "account": ACCOUNT, "symbol": "AAPL", "side": side, "last_qty": qty,
        "last_px": price, "fee": MONEY_ONE, "fee_currency": "USD", "ts_event": START_NS + number * SECOND,
        "ts_init": START_NS + number * SECOND, "venue_seq": number,
    }  # fmt: skip
    return Execution(**{**fields, **changes})


def _account(rig: DesktopRig) -> AccountSnap:
    return AccountSnap(
        account=ACCOUNT, environment=Environment.SIM, venue="SIM", currency="USD", cash=100_000 * MONEY_ONE,
        equity=101_000 * MONEY_ONE, buying_power=None, realised=-12 * MONEY_ONE, unrealised=19 * MONEY_ONE,
        fees=2 * MONEY_ONE, net=-41 * MONEY_ONE, drawdown=30 * MONEY_ONE, day_limit=500 * MONEY_ONE, unpriced=(),
        lock=LockState.UNLOCKED, lock_reason="", lockout="",
    )  # fmt: skip


def _watchlist(panel: Panel, rig: DesktopRig) -> None:
    _quotes(rig)
    rig.feed(positions=[position(100)])


def _chart(panel: Panel, rig: DesktopRig) -> None:
    rig.feed(order(), positions=[position(100)])
    _quotes(rig)


def _ladder(panel: Panel, rig: DesktopRig) -> None:
    rig.clock.advance(SECOND)
    rig.feed(
        order(), order("OMS-2", limit(Side.SELL, 18_726, 200)), depths=[depth(levels=20)], quotes=[quote()],
        positions=[position(100)],
    )  # fmt: skip


def _time_sales(panel: Panel, rig: DesktopRig) -> None:
    sides = (Aggressor.BUY, Aggressor.SELL)
    prints = [
        Trade("AAPL", 18_715 + n * 5 % 7, 100 + n * 70 % 900, sides[n % 3 == 0], f"t{n}", START_NS + n, START_NS + n)
        for n in range(12)
    ]
    rig.feed(prints=prints, quotes=[quote()])


def _orders(panel: Panel, rig: DesktopRig) -> None:
    rig.feed(
        order("OMS-1"),
        order("OMS-2", limit(Side.SELL, 18_726, 200), cum_qty=50, leaves_qty=150, cost=50 * 18_726),
        order("OMS-3", limit(Side.SELL, None, 100, ord_type=OrdType.STOP, stop_px=18_600)),
        order("OMS-4", limit(qty=300), OrdStatus.FILLED, cum_qty=300, cost=300 * 18_714),
        order("OMS-5", limit(qty=400), OrdStatus.CANCELLED),
        order("OMS-6", limit(qty=500), OrdStatus.REJECTED, text="no liquidity"),
        order("OMS-7", limit(Side.SELL, 18_790, 10), unknown=RequestKind.SUBMIT, unknown_since=START_NS),
    )


def _fills(panel: Panel, rig: DesktopRig) -> None:
    rig.feed(
        _fill(1, Side.BUY, 100, 18_720),
        _fill(2, Side.SELL, 40, 18_744),
        _fill(3, Side.BUY, 7, 41_203, symbol="MSFT"),
        _fill(4, Side.SELL, 40, 18_744, kind=ExecKind.BUST, corrects="X-2"),
    )


def _positions(panel: Panel, rig: DesktopRig) -> None:
    short = position(-50, symbol="MSFT", price=41_530, mark=41_205, unrealised=16_250 * MONEY_ONE // 100)
    held = position(2, symbol="ESZ6", price=587_300 * 50, mark=None, unrealised=None, theirs=3)
    rig.feed(positions=[position(100), short, held])
    _quotes(rig)


def _pnl(panel: Panel, rig: DesktopRig) -> None:
    _positions(panel, rig)
    last = msgspec.structs.replace(_account(rig), drawdown=96 * MONEY_ONE)
    for second, net in enumerate((0, 30, 55, 20, -60, -80, -41)):
        moment = msgspec.structs.replace(status_of_scene(), now_ns=START_NS + second * SECOND)
        rig.feed(accounts=[msgspec.structs.replace(last, net=net * MONEY_ONE)], status=moment)
    rig.feed(accounts=[last], status=status_of_scene())


def _provenance(panel: Panel, rig: DesktopRig) -> None:
    panel.show_order("OMS-1")


def _log(panel: Panel, rig: DesktopRig) -> None:
    rig.feed(
        LogRow("2024-01-02T15:00:00.250Z", "info", "venue up", "venue=SIM"),
        LogRow("2024-01-02T15:00:01.250Z", "warning", "feed slow", "age_ms=1400"),
        Notice(level="critical", text="OMS-6 rejected: no liquidity.", ts=START_NS + 2 * SECOND),
        LogRow("2024-01-02T15:00:03.250Z", "error", "webhook gone", "status=410"),
    )


def _settings(panel: Panel, rig: DesktopRig) -> None:
    panel.restore_settings({"search": "theme"})


def _frames(panel: Panel, rig: DesktopRig) -> None:
    rig.feed(order(), quotes=[quote()], positions=[position(100)], accounts=[_account(rig)])


def _ticket(rig: DesktopRig) -> dict[str, Any]:
    rig.context.sizes.choose(3)
    verdict = Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=100, results=())
    costs = {"value": None, "margin": 9_360 * MONEY_ONE, "commission": MONEY_ONE}
    return {"order.outlook": _ok(OrderOutlook(verdict=verdict, bounds={}, warnings=(), **costs))}


def _bars(_rig: DesktopRig) -> dict[str, Any]:
    count = 90
    ends = START_NS + (np.arange(count, dtype=np.int64) - count) * MINUTE_NS
    wave = 187 + np.sin(np.arange(count) / 5) + np.cos(np.arange(count) / 2) / 5
    opens = np.concatenate([wave[:1], wave[:-1]])
    high, low = np.maximum(opens, wave) + 0.08, np.minimum(opens, wave) - 0.08
    volume = 100.0 + np.arange(count) * 37 % 400
    series = BarSeries("AAPL", BarType(BarKind.MINUTE, 1), ends, np.stack([opens, high, low, wave, volume], axis=1))
    return {"market.bars": _ok(series)}


def _story(_rig: DesktopRig) -> dict[str, Any]:
    return {"order.story": _ok(OrderStory(order=order("OMS-1"), lines=()))}


def _risk(_rig: DesktopRig) -> dict[str, Any]:
    lines = [
        LimitLine(limit=kind, scope=LimitScope.TENANT, key="", text=text, value=value, used=used, unlimited=False)
        for kind, text, value, used in (
            (LimitType.DAILY_LOSS, "1000", 1_000 * MONEY_ONE, 410 * MONEY_ONE),
            (LimitType.ORDER_NOTIONAL, "50000", 50_000 * MONEY_ONE, 0),
        )
    ]
    return {"risk.board": _ok(RiskBoard(limits=tuple(lines), restrictions=()))}


def _connections(rig: DesktopRig) -> dict[str, Any]:
    short = BreakFound(account=ACCOUNT, symbol="AAPL", ours=100, theirs=80, resolution="open", ts=START_NS)
    line = AccountLine(
        account=rig.account, lock=LockState.UNLOCKED, reason="agrees", since=START_NS, overridden=False,
        breaks=(short,), rights=AccountRights(classes=frozenset(AssetClass), may_short=True, margin_rate_bps=2_500),
    )  # fmt: skip
    venue = VenueLine(
        venue="SIM", session=SessionState.UP, dated="2024-01-01", cancels_on_disconnect=False, query_complete=True,
        standing=VenueStanding(limits_requests=False, next_reset=START_NS + 9 * 60 * MINUTE_NS, reset="its day ends"),
    )  # fmt: skip
    return {"venue.board": _ok(VenueBoard(venues=(venue,), accounts=(line,)))}


def _scripts(_rig: DesktopRig) -> dict[str, Any]:
    key = ApiKey(
        id="k1", user_id="local", name="bot", key_prefix="12345678", key_hash="",
        scopes=tuple(sorted(PRESETS["trade"])), rate_limit=600, max_order_notional="25000",
        expires_at=START_NS + 48 * 60 * MINUTE_NS,
        live_permit=LivePermit(
            expires_at=START_NS + 60 * MINUTE_NS, caps={"order_notional": "10000", "day_notional": "50000"}
        ),
    )  # fmt: skip
    use = PermitUse(holder="k1", currency="USD", day=4_000 * MONEY_ONE, position=0)
    standing = RiskStanding(limits=(), locked=(), armed=False, permits=(use,))
    request = RequestLine(
        ts=START_NS, method="POST", path="/api/v1/oms/orders", status=200, ms=1.25, credential="k1", kind="API_KEY"
    )
    door = DoorStanding(url="http://127.0.0.1:8000", token_file="api-token.json", trouble="", requests=(request,))
    return {
        "risk.standing": _ok(standing),
        "script.board": _ok(ScriptBoard(door=door, keys=(key,), now_ns=START_NS)),
    }


def _hooks(_rig: DesktopRig) -> dict[str, Any]:
    hook = Webhook(id="h1", user_id="local", name="desk chat", endpoint_url="https://chat.example/hook", secret="")
    taken = Delivery(
        id="d1", webhook_id="h1", event_id=7, message_id="msg_d1", event_type="order.filled", payload=b"{}",
        status=DeliveryStatus.DELIVERED, next_attempt_at=None, created_at=START_NS, updated_at=START_NS,
        response_status=204, attempt_count=1,
    )  # fmt: skip
    return {"script.hooks": _ok(HookBoard(hooks=(hook,), deliveries=(taken,), now_ns=START_NS))}


def _alerts(_rig: DesktopRig) -> dict[str, Any]:
    rows = (
        AlertRow(Alert(id="a1", symbol="AAPL", condition="last > 187"), next(iter(AlertState)), "", "last 187.19"),
        AlertRow(
            Alert(id="a2", symbol="MSFT", condition="rsi_14 < 30", repeats=True, webhook="h1"),
            list(AlertState)[-1],
            "webhook books called",
            "rsi_14 41.2",
        ),
    )
    return {"alert.list": _ok(rows), "alert.hooks": _ok((AlertHook("h1", "books"),))}


def _strategies(_rig: DesktopRig) -> dict[str, Any]:
    cross = StrategyDefinition(
        id="s1", name="SmaCross", strategy_type="CUSTOM", user_id="local", rebalance_frequency="",
        config={"entry_point": ENTRY}, parameters={"fast": 8}, row_version=3,
    )  # fmt: skip
    run = StrategyRun(
        id="r1", strategy_id="s1", account=ACCOUNT, user_id="local", run_name="SmaCross 1", run_number=1,
        initial_capital="100000", start_date="2024-01-02", status=StrategyRunStatus.RUNNING, started_at=START_NS,
        figures=RunFigures(pnl=12 * MONEY_ONE, trades=3, positions=1),
    )  # fmt: skip
    fast = ParameterField(name="fast", kind="integer", default=10, allowed="≥ 2", meaning="bars of the quick average")
    shape = CodeShape(entry_point=ENTRY, says="Two averages cross.", policy=Policy.CANCEL, parameters=(fast,))
    lines = tuple(RunLine("r1", "INFO", text, START_NS) for text in ("begun", "crossed"))
    held = RunCapital(18_719 * MONEY_ONE, 100_012 * MONEY_ONE)
    pace = RunPace(per_s=0.4, per_s_max=20, used=0.02, orders=1, capital=held, currency="USD")
    return {
        "strategy.board": _ok(StrategyBoard(strategies=(cross,), runs=(run,), paces={"r1": pace})),
        "strategy.codes": _ok((ENTRY,)),
        "strategy.code": _ok(shape),
        "strategy.lines": _ok(RunTail(run_id="r1", lines=lines, pace=pace)),
    }


def _stored(_rig: DesktopRig) -> dict[str, Any]:
    bars = Holding(
        symbol="ACME", kind=DataKind.BARS, interval="1_MINUTE", source="acme.csv", first=START_NS,
        last=START_NS + 160 * MINUTE_NS, rows=130, imported=130,
    )  # fmt: skip
    hole = Hole(START_NS + 20 * MINUTE_NS, START_NS + 50 * MINUTE_NS, 30)
    covered = Coverage(holding=bars, holes=(hole,), count=1, missing=30)
    return {"data.board": _ok(DataBoard(lines=(covered,), as_of=START_NS))}


def _sweeps(_rig: DesktopRig) -> dict[str, Any]:
    return {name: _ok(answer) for name, answer in sweep_answers().items()}


def _backtests(_rig: DesktopRig) -> dict[str, Any]:
    return {name: _ok(answer) for name, answer in backtest_answers().items()}


def _choose_backtest(panel: Panel, rig: DesktopRig) -> None:
    panel.runs.select_key("7")
    settle(rig)


def _choose_key(panel: Panel, rig: DesktopRig) -> None:
    panel.keys.select_key("k1")
    settle(rig)


def _choose_run(panel: Panel, rig: DesktopRig) -> None:
    panel.runs.select_key("r1")
    settle(rig)


def _choose_sweep(panel: Panel, rig: DesktopRig) -> None:
    panel.sweeps.select_key("3")
    settle(rig)


SCENES: dict[str, Scene] = {
    "watchlist": Scene((720, 200), play=_watchlist),
    "chart": Scene((600, 340), _bars, _chart),
    "ladder": Scene((420, 560), play=_ladder),
    "ticket": Scene((320, 560), _ticket, _frames),
    "time_sales": Scene((380, 260), play=_time_sales),
    "orders": Scene((900, 260), play=_orders),
    "fills": Scene((800, 180), play=_fills),
    "positions": Scene((1_100, 180), play=_positions),
    "pnl": Scene((320, 420), play=_pnl),
    "provenance": Scene((560, 400), _story, _provenance),
    "risk": Scene((820, 380), _risk, _frames),
    "connections": Scene((820, 380), _connections),
    "faults": Scene((720, 420)),
    "api_access": Scene((820, 400), _scripts, _choose_key),
    "webhooks": Scene((820, 300), _hooks),
    "hotkeys": Scene((900, 360), play=_frames),
    "alerts": Scene((760, 220), _alerts),
    "strategies": Scene((960, 420), _strategies, _choose_run),
    "stored_data": Scene((760, 320), _stored),
    "backtests": Scene((1_000, 600), _backtests, _choose_backtest),
    "sweeps": Scene((1_000, 640), _sweeps, _choose_sweep),
    "settings": Scene((760, 260), play=_settings),
    "log": Scene((620, 160), play=_log),
}
"""Every kind of panel."""
