"""A dry run: what a key would do on a written snapshot, each interlock named with its outcome; nothing is sent.

The command line and the hotkeys panel show the same text from here. What only the running program can judge, its own
orders and limits, is said to be the gate's.
"""

from collections.abc import Sequence

import msgspec

from workstation.domain.accounts import Environment, LockState
from workstation.domain.executions import CostMethod, PositionState
from workstation.domain.expressions.evaluation import Expression
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_DECIMALS, MONEY_ONE, parse_scaled
from workstation.viewmodels.frames import AccountSnap, PositionSnap, QuoteSnap
from workstation.viewmodels.hotkey_actions import first_that_holds, increases, request_of
from workstation.viewmodels.hotkey_binds import REDUCES, Bind, Press
from workstation.viewmodels.hotkey_file import HotkeyFile
from workstation.viewmodels.hotkey_snapshot import snapshot_of, value_text
from workstation.viewmodels.hotkeys import FocusSnapshot, Place, Refused, Request, Reverse, Run, Stage, not_armed

GUARD_MS = 300
_DECIMALS = 8


class Scene(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A snapshot as a file: prices, quantities and money as decimal text. position: signed, + long; "" is absent."""

    symbol: str
    account: str = "SIM-1"
    currency: str = "USD"
    tick: str = "0.01"
    lot: str = "1"
    max_qty: str = ""
    multiplier: int = 1
    bid: str = ""
    ask: str = ""
    last: str = ""
    age_ms: int = 0
    freshness: str = "FRESH"
    flags: tuple[str, ...] = ()
    phase: SessionPhase = SessionPhase.OPEN
    position: str = "0"
    average: str = "0"
    preset: int = 1
    cursor: str = ""
    equity: str = "0"
    buying_power: str = ""
    armed: Environment | None = None
    environment: Environment = Environment.SIM
    focus_age_ms: int = 1_000


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a key would do. intent: the order or the refusal in words; values: what was read; steps: each interlock."""

    bind: str
    intent: str
    risk_class: str
    values: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]

    def __str__(self) -> str:
        read = ", ".join(f"{name} {value}" for name, value in self.values) or "nothing"
        lines = [f"bind    {self.bind}", f"intent  {self.intent}", f"class   {self.risk_class}", f"read    {read}"]
        return "\n".join([*lines, *(f"{number:>2}      {step}" for number, step in enumerate(self.steps, start=1))])


def read_scene(text: str | bytes) -> Scene:
    """Return a scene from JSON.

    Raises:
        msgspec.DecodeError: the text is no scene.
    """
    return msgspec.json.decode(text, type=Scene)


def dry_run(binds: Sequence[Bind], file: HotkeyFile, focus: FocusSnapshot, *, focus_age_ms: int = GUARD_MS) -> DryRun:
    """Return what one key's binds would do on a snapshot; sends nothing."""
    bind = first_that_holds(tuple(binds), file, focus)
    request = request_of(bind, file, focus)
    adds = _adds(request, bind, focus)
    snapshot = snapshot_of(focus, file.expressions.get("risk_cash"))
    names = sorted({name for expression in _expressions(bind) for name in expression.names})
    values = tuple(
        (name, value_text(name, snapshot.values[name], snapshot) if name in snapshot.values else "absent")
        for name in names
    )
    return DryRun(
        bind=bind.id,
        intent=words_of(request, bind),
        risk_class="none" if adds is None else "INCREASE" if adds else "REDUCE",
        values=values,
        steps=_steps(bind, request, focus, adds=adds is True, focus_age_ms=focus_age_ms),
    )


def _steps(bind: Bind, request: Request, focus: FocusSnapshot, *, adds: bool, focus_age_ms: int) -> tuple[str, ...]:
    press = {
        Press.ONCE: "acts when pressed",
        Press.DOUBLE: "acts on the second press",
        Press.HOLD: "acts when held",
        Press.CLICK: "acts at a click while held",
    }
    guarded = focus_age_ms < GUARD_MS
    quote = focus.quote
    fresh = quote is not None and quote.freshness == "FRESH" and not {"UNSYNCED", "HALTED"} & {*quote.flags}
    armed = focus.armed is focus.environment
    state = "no quote" if quote is None else f"{quote.freshness} {' '.join(quote.flags)}".strip()
    refused = request.text if isinstance(request, Refused) else ""
    return (
        f"input      pass: {press[bind.press]}{'' if bind.enabled else ', but the bind is disabled'}",
        f"arm state  {'DISARMED' if focus.armed is None else focus.armed.value}",
        f"focus      {'refused: the focus moved' if guarded else 'pass: unchanged for'} {focus_age_ms} ms",
        f"evaluate   {refused or 'pass'}",
        f"class      {not_armed(focus.environment.value) if adds and not armed else 'pass'}",
        f"fresh      {'pass' if fresh or not adds else 'refused'}: {state}{'' if adds else ', not required'}",
        "duplicate  judged by the gate, from the orders of the running program",
        "limits     judged by the gate; the file's own collar and age are part of 'evaluate'",
        "journal    not written: dry run",
        "gateway    nothing sent: dry run",
    )


def _adds(request: Request, bind: Bind, focus: FocusSnapshot) -> bool | None:
    if isinstance(request, Place):
        return increases(focus, request.terms)
    if isinstance(request, Reverse) or bind.do in ("reverse", "buy_limit", "sell_limit", "buy_stop", "sell_stop"):
        return True
    return False if bind.do in REDUCES else None


def words_of(request: Request, bind: Bind) -> str:
    """Return a request in words."""
    match request:
        case Refused(text):
            return text
        case Stage():
            return f"stage {request.words}"
        case Run(command):
            return f"run {command}"
        case _:
            return str(getattr(request, "words", "")) or bind.do


def _expressions(bind: Bind) -> list[Expression]:
    found = [*bind.expressions.values(), *(leg.price for leg in bind.attach)]
    return found if bind.when is None else [bind.when, *found]


def focus_of(scene: Scene) -> FocusSnapshot:
    """Return a scene as the trade focus that keys read.

    Raises:
        ValidationError: a number of the scene is none.
    """
    decimals = max(len(text.partition(".")[2]) for text in (scene.tick, scene.bid, scene.ask, scene.last, scene.cursor))
    qty_decimals = max(len(text.partition(".")[2]) for text in (scene.lot, scene.position))

    def price(text: str) -> int | None:
        return parse_scaled(text, decimals, field="price") if text else None

    instrument = Instrument(
        symbol=scene.symbol,
        asset_class=AssetClass.STOCK,
        currency=scene.currency,
        price_decimals=decimals,
        qty_decimals=qty_decimals,
        ticks=(TickBand(0, parse_scaled(scene.tick, decimals, field="tick")),),
        lot=parse_scaled(scene.lot, qty_decimals, field="lot"),
        max_qty=parse_scaled(scene.max_qty, qty_decimals, field="max_qty") if scene.max_qty else None,
        multiplier=scene.multiplier,
    )
    return FocusSnapshot(
        account=scene.account,
        instrument=instrument,
        quote=_quote(scene, price(scene.bid), price(scene.ask), price(scene.last)),
        working=(),
        position=_position(scene, instrument),
        size=scene.preset,
        cursor=price(scene.cursor),
        funds=_funds(scene),
        armed=scene.armed,
        environment=scene.environment,
    )


def _quote(scene: Scene, bid: int | None, ask: int | None, last: int | None) -> QuoteSnap:
    return QuoteSnap(
        symbol=scene.symbol,
        bid=bid,
        bid_size=0,
        ask=ask,
        ask_size=0,
        last=last,
        last_size=0,
        open=None,
        high=None,
        low=None,
        prev_close=None,
        volume=0,
        vwap=None,
        freshness=scene.freshness,
        age_ms=scene.age_ms,
        phase=scene.phase,
        flags=scene.flags,
    )


def _position(scene: Scene, instrument: Instrument) -> PositionSnap:
    qty = parse_scaled(scene.position, instrument.qty_decimals, field="position")
    average = parse_scaled(scene.average, _DECIMALS, field="average")
    held = PositionState(
        account=scene.account,
        symbol=scene.symbol,
        strategy_id="*",
        currency=scene.currency,
        qty=qty,
        cost=qty * average * instrument.multiplier * MONEY_ONE // 10 ** (_DECIMALS + instrument.qty_decimals),
        realised=0,
        fees={},
        method=CostMethod.AVERAGE,
        updated_at=0,
        version=1,
    )
    return PositionSnap(position=held, mark=None, mark_kind="", mark_age_ms=0, unrealised=None, protection="none")


def _funds(scene: Scene) -> AccountSnap:
    def money(text: str) -> int:
        return parse_scaled(text, MONEY_DECIMALS, field="money")

    return AccountSnap(
        account=scene.account,
        environment=scene.environment,
        venue="",
        currency=scene.currency,
        cash=0,
        equity=money(scene.equity),
        buying_power=money(scene.buying_power) if scene.buying_power else None,
        realised=0,
        unrealised=0,
        fees=0,
        net=0,
        drawdown=0,
        day_limit=None,
        unpriced=(),
        lock=LockState.UNLOCKED,
        lock_reason="",
        lockout="",
    )
