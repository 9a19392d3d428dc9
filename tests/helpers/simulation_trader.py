"""The trader of a simulation: one seed decides what it asks of the desk, and when, and what goes wrong meanwhile.

It uses every door of the desk: all types, times and flags, groups, changes, cancels one and many, exits pressed again
and again, kill switches, arming, ids used twice. Long because each door has its few lines here.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tests.helpers.order_history import OrderHistory
from workstation.app.core import Core
from workstation.brokers.sim.faults import FaultKind, FaultSwitch
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import UserError
from workstation.domain.events import ArmChanged
from workstation.domain.market import StreamKind
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    OVERRIDE_TEXT,
    CancelOrder,
    CancelScope,
    Contingency,
    FlattenPosition,
    GroupLink,
    LegRole,
    OrderState,
    OrderTerms,
    OrdType,
    Origin,
    OriginKind,
    ReplaceOrder,
    Residence,
    ReversePosition,
    Side,
    SubmitGroup,
    SubmitOrder,
    TimeInForce,
    Trail,
    TrailKind,
    TriggerSource,
)
from workstation.kernel.ids import IdSource

ACCOUNTS = ("SIM-MARGIN", "SIM-CASH")
RARE_FAULTS = frozenset({FaultKind.WRONG_POSITION, FaultKind.SECOND_CHANNEL})
"""Faults by which the venue lies about itself, so that an account stays locked; one in RARE_ONE_IN draws."""

UNDRAWN = frozenset({FaultKind.SPLIT})
"""Faults that are not drawn: the checks sum fills, and a split moves positions without one. test_splits.py has it."""

CUTS = frozenset(
    {
        FaultKind.DISCONNECT,
        FaultKind.HALF_OPEN,
        FaultKind.MAINTENANCE,
        FaultKind.AUTH_EXPIRED,
        FaultKind.VENUE_RESTART,
        FaultKind.FEED_DOWN,
        FaultKind.FREEZE,
    }
)
"""Faults after which nothing trades for a while; one in CUT_ONE_IN draws, so that trading goes on in between."""

SOON_NS = 4_000_000
RARE_ONE_IN = 8
CUT_ONE_IN = 2
_PRICED = (OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP_LIMIT)
_ACTIONS: dict[str, int] = {
    "submit": 42,
    "bracket": 7,
    "oco": 3,
    "oto": 3,
    "again": 3,
    "replace": 13,
    "cancel": 12,
    "cancel_scope": 3,
    "flatten": 6,
    "press_again": 4,
    "kill": 1,
    "release": 4,
    "arm": 2,
    "annotate": 2,
    "reconcile": 1,
    "override": 1,
    "override_exit": 1,
    "adopt_position": 1,
}


class Trader:
    """Acts on whichever core is alive. `symbols`: what it trades."""

    def __init__(self, rng: random.Random, ids: IdSource, symbols: tuple[str, ...], history: OrderHistory) -> None:
        self._rng, self._ids, self._symbols, self._history = rng, ids, symbols, history
        self._used: list[SubmitOrder] = []
        self._kills: list[KillState] = []
        self._pressed: FlattenPosition | None = None
        self.adopted: set[tuple[str, str]] = set()
        self.overriding = False
        self.refused = 0
        self.denials: Counter[str] = Counter()

    def act(self, core: Core) -> None:
        """Do one thing."""
        (name,) = self._rng.choices(list(_ACTIONS), list(_ACTIONS.values()))
        self.do(name, core)

    def do(self, name: str, core: Core) -> None:
        """Do the thing of this name."""
        action: Callable[[Core], None] = getattr(self, f"_{name}")
        try:
            action(core)
        except UserError:
            self.refused += 1

    def break_something(self, faults: FaultSwitch) -> None:
        """Arm one fault."""
        rng = self._rng
        kind = rng.choice([kind for kind in FaultKind if kind not in UNDRAWN])
        if (kind in RARE_FAULTS and rng.randrange(RARE_ONE_IN)) or (kind in CUTS and rng.randrange(CUT_ONE_IN)):
            return
        args: dict[str, Any] = {
            "symbol": rng.choice(self._symbols) if kind is FaultKind.WRONG_POSITION or rng.random() < 0.5 else "",
            "account": rng.choice(ACCOUNTS),
            "for_s": round(rng.uniform(0.05, 1.0), 3),
            "delay_ms": round(rng.uniform(-800, 800) if kind is FaultKind.CLOCK_SKEW else rng.uniform(20, 2_500), 3),
            "qty": 0,
            "nth": rng.choice((1, 1, 1, 2, 3)),
            "count": rng.choice((1, 1, 2, 5)) if kind is not FaultKind.REJECT_STORM else 6,
            "stream": rng.choice(tuple(StreamKind)).value if kind is FaultKind.FREEZE and rng.random() < 0.5 else "",
        }
        if kind is FaultKind.WRONG_POSITION:
            args["qty"] = rng.choice((-1_000, 1_000))
        if kind is FaultKind.UNKNOWN_ORDER:
            args["symbol"] = rng.choice(self._symbols)
            args["qty"] = rng.choice((-2, -1, 1, 3)) * (1_000 if "/USD" in args["symbol"] else 1)
        faults.arm(kind, **args)

    # Orders

    def _submit(self, core: Core) -> None:
        command = self._command(self._terms(core))
        self._place(core, command)

    def _soon_over(self, core: Core) -> None:
        """Rest an order that expires in a moment."""
        symbol = self._rng.choice(self._symbols)
        away = core.instruments[symbol].step(self._price(core, symbol), -400)
        terms = self._terms(core, symbol=symbol, ord_type=OrdType.LIMIT, side=Side.BUY, price=away, post_only=False)
        expiry = core.clock.now_ns() + SOON_NS
        self._place(core, self._command(replace(terms, time_in_force=TimeInForce.GTD, expire_time=expiry)))

    def _place(self, core: Core, command: SubmitOrder) -> None:
        key = command.cl_ord_id
        self._history.invoke(key)
        self._used.append(command)
        try:
            result = core.desk.submit(command, on_durable=lambda durable: self._answered(key, durable=durable))
        except UserError:
            self._history.fail(key)
            raise
        if result.denial is not None:
            self._history.fail(key)
            self.denials[result.denial.code] += 1

    def _answered(self, cl_ord_id: str, *, durable: bool) -> None:
        if durable:
            self._history.ok(cl_ord_id)

    def _again(self, core: Core) -> None:
        """Use a client order id a second time."""
        if self._used:
            command = self._rng.choice(self._used[-20:])
            result = core.desk.submit(command)
            if not result.duplicate and result.denial is None:
                self._history.retried(command.cl_ord_id)

    def _command(self, terms: OrderTerms, link: GroupLink | None = None) -> SubmitOrder:
        strategy = self._rng.choice(("", "", "", "s1", "s2"))
        return SubmitOrder(
            cl_ord_id=self._ids.cl_ord_id(),
            uid=self._ids.uid(),
            terms=terms,
            origin=self._origin(),
            link=link,
            strategy_id=strategy,
            allow_duplicate=self._rng.random() < 0.7,
        )

    def _terms(self, core: Core, **given: Any) -> OrderTerms:
        rng = self._rng
        symbol = given.pop("symbol", None) or rng.choice(self._symbols)
        instrument = core.instruments[symbol]
        kind = given.pop("ord_type", None) or rng.choice((OrdType.LIMIT,) * 5 + (OrdType.MARKET,) * 2 + tuple(OrdType))
        side = given.pop("side", None) or rng.choices(tuple(Side), (6, 4, 2, 1))[0]
        base = self._price(core, symbol)
        fields: dict[str, Any] = {"time_in_force": rng.choice((TimeInForce.DAY, TimeInForce.GTC))}
        if kind in (OrdType.LIMIT, OrdType.MARKET) and rng.random() < 0.3:
            fields["time_in_force"] = rng.choice(tuple(TimeInForce))
        if rng.random() < 0.08 or fields["time_in_force"] is TimeInForce.GTD:
            fields |= {
                "time_in_force": TimeInForce.GTD,
                "expire_time": core.clock.now_ns() + rng.randint(1, 20) * 10**9,
            }
        if kind in _PRICED:
            fields["price"] = instrument.step(base, round(rng.gauss(-8, 14)) * side.sign)
        if kind in (OrdType.STOP, OrdType.STOP_LIMIT):
            fields["stop_px"] = instrument.step(base, rng.randint(1, 40) * side.sign)
        if kind in (OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT):
            fields["trail"] = self._trail(instrument.tick_at(base))
            if kind is OrdType.TRAILING_STOP_LIMIT:
                fields["stop_px"] = instrument.step(base, rng.randint(5, 40) * side.sign)
        if kind not in (OrdType.LIMIT, OrdType.MARKET):
            fields["trigger"] = rng.choice(tuple(TriggerSource))
        qty = max(instrument.min_qty, instrument.lot) * rng.randint(1, 6) * self._size(core, symbol)
        if kind is OrdType.LIMIT and rng.random() < 0.1:
            fields["display_qty"] = max(instrument.lot, qty // 3 // instrument.lot * instrument.lot)
        if kind is OrdType.LIMIT and rng.random() < 0.1:
            fields["post_only"] = True
        if rng.random() < 0.12:
            fields["reduce_only"] = True
        values = {"account": rng.choices(ACCOUNTS, (3, 1))[0], "order_qty": qty, **fields, **given}
        return OrderTerms(symbol=symbol, side=side, ord_type=kind, **values)

    def _trail(self, tick: int) -> Trail:
        kind = self._rng.choice(tuple(TrailKind))
        offset = {TrailKind.PRICE: 12 * tick, TrailKind.TICKS: 12, TrailKind.BPS: 10}[kind]
        return Trail(kind, offset)

    def _size(self, core: Core, symbol: str) -> int:
        """Return a multiple of the smallest quantity that is worth some hundred of currency."""
        instrument = core.instruments[symbol]
        value = abs(instrument.notional(self._price(core, symbol), max(instrument.min_qty, instrument.lot)))
        return max(1, 500 * MONEY_ONE // max(value, 1))

    def _price(self, core: Core, symbol: str) -> int:
        reference = core.market.cache.reference(symbol)
        known = (reference.bid, reference.ask, reference.last)
        return next((price for price in known if price is not None), 100 * core.instruments[symbol].tick_at(0))

    def _origin(self) -> Origin:
        kinds = (OriginKind.REST, OriginKind.HOTKEY, OriginKind.STRATEGY, OriginKind.LADDER)
        return Origin(kind=self._rng.choices(kinds, (6, 2, 1, 1))[0], user="trader")

    # Groups

    def _bracket(self, core: Core) -> None:
        self._group(
            core, Contingency.BRACKET, self._rng.choice((Contingency.BRACKET, Contingency.OUO, Contingency.OCO))
        )

    def _oto(self, core: Core) -> None:
        self._group(core, Contingency.OTO, Contingency.OTO)

    def _group(self, core: Core, entry_link: Contingency, leg_link: Contingency) -> None:
        rng, group_id = self._rng, self._ids.group_id()
        entry_terms = self._terms(core, ord_type=rng.choice((OrdType.LIMIT, OrdType.MARKET)), reduce_only=False)
        entry = self._command(entry_terms, GroupLink(group_id, entry_link, LegRole.ENTRY))
        base, instrument = self._price(core, entry_terms.symbol), core.instruments[entry_terms.symbol]
        sign = entry_terms.side.sign
        out = Side.SELL if sign > 0 else Side.BUY_TO_COVER
        common = {
            "symbol": entry_terms.symbol, "account": entry_terms.account, "side": out,
            "order_qty": entry_terms.order_qty, "reduce_only": rng.random() < 0.9,
        }  # fmt: skip
        target = OrderTerms(ord_type=OrdType.LIMIT, price=instrument.step(base, sign * rng.randint(2, 20)), **common)
        stop = OrderTerms(ord_type=OrdType.STOP, stop_px=instrument.step(base, -sign * rng.randint(2, 20)), **common)
        legs = [
            self._command(terms, GroupLink(group_id, leg_link, role, entry.cl_ord_id))
            for terms, role in ((target, LegRole.TAKE_PROFIT), (stop, LegRole.STOP_LOSS))
        ]
        self._place_group(core, entry, *legs[: 1 if leg_link is Contingency.OTO else 2])

    def _oco(self, core: Core) -> None:
        group_id, symbol, account = self._ids.group_id(), self._rng.choice(self._symbols), self._rng.choice(ACCOUNTS)
        base, instrument = self._price(core, symbol), core.instruments[symbol]
        qty = max(instrument.min_qty, instrument.lot) * self._size(core, symbol)
        link = GroupLink(group_id, Contingency.OCO, LegRole.OCO)
        orders = [
            self._command(
                OrderTerms(
                    symbol=symbol, account=account, side=side, ord_type=OrdType.LIMIT, order_qty=qty,
                    price=instrument.step(base, -side.sign * self._rng.randint(1, 15)),
                ),
                link,
            )
            for side in (Side.BUY, Side.SELL)
        ]  # fmt: skip
        self._place_group(core, *orders)

    def _place_group(self, core: Core, *orders: SubmitOrder) -> None:
        for order in orders:
            self._history.invoke(order.cl_ord_id)
        self._used.append(orders[0])
        result = core.desk.submit_group(SubmitGroup(orders=orders))
        if result.denial is not None:
            for order in orders:
                self._history.fail(order.cl_ord_id)

    # Changes and ends

    def _pick(self, core: Core) -> OrderState | None:
        live = list(core.state.book.open_orders())
        return self._rng.choice(live) if live else None

    def _replace(self, core: Core) -> None:
        order = self._pick(core)
        if order is None:
            return
        instrument, rng = core.instruments[order.terms.symbol], self._rng
        changes: dict[str, Any] = {}
        if order.terms.price is not None and rng.random() < 0.7:
            changes["price"] = instrument.step(self._price(core, order.terms.symbol), round(rng.gauss(-4, 12)))
        if not changes or rng.random() < 0.3:
            lots = rng.choice((-2, -1, 1, 2)) * max(instrument.lot, order.terms.order_qty // 4)
            changes["order_qty"] = max(
                instrument.lot, (order.terms.order_qty + lots) // instrument.lot * instrument.lot
            )
        version = order.version if rng.random() < 0.3 else None
        core.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=self._origin(), version=version, **changes))

    def _replace_twice(self, core: Core) -> None:
        """Change the price of a working order by hand, and once more while that is on its way; only stories ask."""
        live = [row for row in core.state.book.open_orders() if row.status.is_working and row.terms.price is not None]
        if not live:
            return
        order = self._rng.choice(live)
        hand = Origin(kind=OriginKind.HOTKEY, user="trader")
        instrument = core.instruments[order.terms.symbol]
        for ticks in (1, 2):
            price = instrument.step(order.terms.price, -ticks * order.terms.side.sign)
            core.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=hand, price=price))

    def _cancel(self, core: Core) -> None:
        order = self._pick(core)
        if order is not None:
            core.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=self._origin()))

    def _cancel_scope(self, core: Core) -> None:
        rng = self._rng
        core.desk.cancel_scope(
            CancelScope(
                origin=self._origin(),
                account=rng.choice((None, *ACCOUNTS)),
                symbol=rng.choice((None, *self._symbols)),
                side_sign=rng.choice((None, None, 1, -1)),
                include_protective=rng.random() < 0.3,
            )
        )

    def _flatten(self, core: Core) -> None:
        held = [row for row in core.state.ledger.positions() if row.qty and row.strategy_id == "*"]
        if held:
            row = self._rng.choice(held)
            portion = self._rng.choice((10_000, 10_000, 5_000, 2_500))
            self._pressed = FlattenPosition(
                account=row.account, symbol=row.symbol, origin=self._origin(), portion_bps=portion
            )
            self._press_again(core)

    def _press_again(self, core: Core) -> None:
        if self._pressed is not None:
            for _ in range(self._rng.randint(1, 3)):
                core.desk.flatten(self._pressed)

    def _reverse(self, core: Core) -> None:
        """Turn a position round; only stories ask for it."""
        held = [row for row in core.state.ledger.positions() if row.qty and row.strategy_id == "*"]
        if held:
            row = self._rng.choice(held)
            core.desk.reverse(ReversePosition(account=row.account, symbol=row.symbol, origin=self._origin()))

    def _trailing(self, core: Core) -> None:
        """Place a trailing stop, which a venue without such orders leaves to the program; only stories ask for it."""
        self._place(core, self._command(self._terms(core, ord_type=OrdType.TRAILING_STOP_LIMIT)))

    def _to_broker(self, core: Core) -> None:
        """Give a stop that is watched here to the venue; only stories ask for it."""
        watched = [row for row in core.state.book.open_orders() if row.residence is Residence.PROGRAM]
        if watched:
            core.desk.move_to_broker(self._rng.choice(watched).cl_ord_id)

    # Safety

    def _kill(self, core: Core) -> None:
        scope = self._rng.choice(tuple(KillScope))
        keys = {KillScope.ALL: ("",), KillScope.ACCOUNT: ACCOUNTS, KillScope.STRATEGY: ("s1", "s2")}
        key = self._rng.choice(keys.get(scope, self._symbols))
        state = KillState(
            scope=scope, key=key, on=True, reason="drill", actor="trader", ts=core.clock.now_ns(),
            cancel_orders=self._rng.random() < 0.7, keep_protective=self._rng.random() < 0.5,
        )  # fmt: skip
        core.desk.kill(state)

    def _release(self, core: Core) -> None:
        for kill in tuple(core.state.controls.kills.active()):
            core.desk.kill(
                KillState(
                    scope=kill.scope, key=kill.key, on=False, reason="over", actor="trader", ts=core.clock.now_ns()
                )
            )

    def _arm(self, core: Core) -> None:
        self._set_armed(core, armed=self._rng.random() < 0.8)

    def _disarm(self, core: Core) -> None:
        self._set_armed(core, armed=False)

    def _rearm(self, core: Core) -> None:
        self._set_armed(core, armed=True)

    def _set_armed(self, core: Core, *, armed: bool) -> None:
        change = ArmChanged(armed=armed, environment="SIM", actor="trader", reason="", ts=core.clock.now_ns())
        core.desk.recorder.record([change])

    def _annotate(self, core: Core) -> None:
        order = self._pick(core)
        if order is not None:
            core.desk.annotate(order.cl_ord_id, self._origin(), f"note {self._rng.randint(0, 9)}", dict(order.metadata))

    def _reconcile(self, core: Core) -> None:
        core.desk.reconcile(self._rng.choice(ACCOUNTS), "asked by hand")

    def _reconcile_all(self, core: Core) -> None:
        for account in ACCOUNTS:
            core.desk.reconcile(account, "asked by hand")

    def _override(self, core: Core) -> None:
        if not self._rng.randrange(4):
            core.desk.override_lock(self._rng.choice(ACCOUNTS), "trader", "seen and signed")

    def _override_exit(self, core: Core) -> None:
        """Type the text that sends an exit beside one that hangs."""
        held = [row for row in core.state.ledger.positions() if row.qty and row.strategy_id == "*"]
        if held:
            row, self.overriding = self._rng.choice(held), True
            command = FlattenPosition(
                account=row.account, symbol=row.symbol, origin=self._origin(), override=OVERRIDE_TEXT
            )
            try:
                core.desk.flatten(command)
            finally:
                self.overriding = False

    def _adopt_position(self, core: Core) -> None:
        """Take over the venue's position where it differs."""
        broken = [row for account in ACCOUNTS for row in core.state.breaks.of(account) if row.symbol]
        if broken:
            row = self._rng.choice(broken)
            self.adopted.add((row.account, row.symbol))
            core.desk.adopt_position(row.account, row.symbol, "trader", "theirs is right")
