"""Alerts in the running engine: they read the core, act with the window closed, and are kept in one file of the home.

Joins the engine's bus and market data to the pure book of alerts. Judged once a batch for instruments that traded, and
once a second for what moves without a tick. The file is written on a thread of its own; nothing here sends an order.
"""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import msgspec

from workstation.app.alert_hooks import AlertHooks, HookFate
from workstation.app.alert_studies import AlertStudies, Post
from workstation.app.core import Core
from workstation.app.mail import Mail, Mailer, Outcome, mail_secret
from workstation.app.screens import EngineScreens
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import answer
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation
from workstation.config.settings import MailSettings
from workstation.config.whole_files import write_whole
from workstation.domain.alerts import HOLDS_ALREADY, Alert, AlertRow, DeleteAlert, ListAlertHooks, ListAlerts, SaveAlert
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.events import AlertFired, RecordSaved
from workstation.domain.expressions.evaluation import Snapshot, Value
from workstation.domain.instruments import Instrument
from workstation.domain.market import MarketEvent, Quote, Trade
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.times import NS_PER_S
from workstation.kernel.logs import get_logger
from workstation.ports.deliveries import Deliveries
from workstation.viewmodels.alert_lines import alert_line
from workstation.viewmodels.alerts import AlertBook, checked, words_of

LOOK_NS = 1_000_000_000
_FUNDS = frozenset({"equity", "margin", "bp"})

_log = get_logger("alerts")


class Alerting(msgspec.Struct, frozen=True):
    """What alerts need beside the core. file: where they are kept, None for nowhere; indicators: folder of own ones."""

    file: Path | None = None
    indicators: Path | None = None
    mail: MailSettings = MailSettings()


NO_ALERTING = Alerting()


class Say(Protocol):
    """Shows a notice everywhere; `line` is one that the desktop stages or runs."""

    def __call__(self, level: str, text: str, *, line: str = "") -> None:
        """Show it."""


class Alerts:
    """The alerts of one engine. All calls on the engine's thread; `say(level, text)` shows a notice everywhere."""

    def __init__(
        self,
        core: Core,
        screens: EngineScreens,
        say: Say,
        keeping: Alerting,
        deliveries: Deliveries,
        *,
        post: Post,
    ) -> None:
        self._core, self._say, self._file = core, say, keeping.file
        self._mailer, self._mailed = Mailer(keeping.mail, mail_secret), dict[str, str]()
        self._hooked = dict[str, str]()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alerts-file")
        self._hooks = AlertHooks(core.state.records, deliveries, self._writer)
        self.book = AlertBook(self._read, self._tell)
        self._studies = AlertStudies(
            screens, keeping.indicators, post, lambda symbol: self.book.check(self._now(), (symbol,))
        )

    def begin(self) -> None:
        """Take the kept alerts back and listen; a file that cannot be read is said and stays as it is."""
        if self._file is not None and self._file.exists():
            try:
                kept = msgspec.json.decode(self._file.read_bytes(), type=list[Alert])
            except (OSError, msgspec.DecodeError) as error:
                self._say("warning", f"Alerts are not read: {self._file.name}: {error}. The file stays as it is.")
                self._file = None
            else:
                for problem in self.book.load(kept):
                    self._say("warning", problem)
        self._core.market.listen(self._on_batch)
        self._core.bus.subscribe(OrderState, lambda order: self.book.on_order(order, self._now()))
        self._core.bus.subscribe(RecordSaved, self._on_record)

    def look(self) -> None:
        """Judge everything once, for what moves without a tick, and keep what changed."""
        self.book.check(self._now(), self.book.symbols)
        for outcome in self._mailer.outcomes():
            self._on_mail(outcome)
        for fate in self._hooks.outcomes():
            self._on_call(fate)
        if self.book.dirty:
            self.book.dirty = False
            self._keep()

    def end(self) -> None:
        """Keep what changed and end the writer."""
        self.look()
        self._mailer.close()
        self._studies.close()
        self._writer.shutdown(wait=True)

    def register(self, commands: CommandRegistry) -> None:
        """Declare the alert commands."""
        commands.declare(
            "Alerts",
            (
                ("alert.list", "Alerts", ListAlerts, "marketdata:view", self._list),
                ("alert.hooks", "Webhooks for alerts", ListAlertHooks, "webhooks:view", self._list_hooks),
                ("alert.save", "Keep an alert", SaveAlert, "desktop", self._save),
                ("alert.delete", "Delete an alert", DeleteAlert, "desktop", self._delete),
            ),
        )

    def _list(self, _context: EngineContext, _params: ListAlerts, call: Invocation) -> None:
        rows = tuple(self._with_fates(row) for row in self.book.rows(self._now()))
        call.reply(CommandResult(ok=True, text="", data=rows))

    def _list_hooks(self, _context: EngineContext, _params: ListAlertHooks, call: Invocation) -> None:
        call.reply(CommandResult(ok=True, text="", data=self._hooks.offered()))

    def _save(self, context: EngineContext, params: SaveAlert, call: Invocation) -> None:
        if params.alert.symbol not in self._core.instruments:
            raise NotFound("instrument", params.alert.symbol)
        if params.alert.is_on and params.alert.mail and not self._mailer.is_set:
            raise ValidationError("mail", "goes nowhere yet", allowed="mail.host, mail.sender and mail.to are set")
        if params.alert.is_on and params.alert.webhook:
            self._hooks.check(params.alert.webhook)
        if params.alert.line:
            alert_line(params.alert.line)
        alert = msgspec.structs.replace(params.alert, id=params.alert.id or context.ids.uid())
        condition = checked(alert)
        names = frozenset() if condition is None else condition.names

        def keep() -> CommandResult:
            for name in names:
                reading = self._studies.reading(alert, name)
                if reading is not None and reading.trouble:
                    raise ValidationError("condition", f"{name}: {reading.trouble}")
            return self._kept(alert, fire_now=params.fire_now)

        self._studies.when_read(alert, names, lambda: answer(call, keep))

    def _kept(self, alert: Alert, *, fire_now: bool | None) -> CommandResult:
        """Keep an alert whose bars are at hand, or ask where its condition holds already."""
        holds = self.book.holds(alert)
        if fire_now is None and alert.is_on and holds:
            text = f"{alert.condition} holds already: fire now, or on the next cross?"
            return CommandResult(ok=False, code=HOLDS_ALREADY, text=text)
        self.book.save(alert, self._now(), fire_now=bool(fire_now))
        blind = " It cannot be read now; if it holds when it can, you are told." if holds is None else ""
        return CommandResult(ok=True, text=f"The alert is kept.{blind}", data=alert)

    def _delete(self, _context: EngineContext, params: DeleteAlert, call: Invocation) -> None:
        self.book.delete(params.id)
        self._mailed.pop(params.id, None)
        self._hooked.pop(params.id, None)
        call.reply(CommandResult(ok=True, text="The alert is deleted."))

    def _tell(self, alert: Alert, text: str) -> None:
        """Show a firing, tell scripts and webhooks of it, and mail it where the alert asks for that."""
        self._say("warning", text, line=alert.line)
        fired = AlertFired(
            alert=alert.id,
            name=alert.name,
            symbol=alert.symbol,
            account=alert.account,
            condition=alert.condition,
            event=alert.event,
            text=text,
            count=alert.fired_count,
            ts=self._now(),
            webhook=alert.webhook,
        )
        seq = self._core.desk.recorder.record([fired], actor="alerts")
        if alert.webhook:
            self._on_call(self._hooks.called(alert.id, alert.webhook, seq))
        if alert.mail:
            self._mailed[alert.id] = "mail under way"
            self._mailer.post(Mail(alert.id, f"Workstation: {words_of(alert)}", f"{text}\n"))

    def _on_call(self, fate: HookFate) -> None:
        self._hooked[fate.alert] = fate.words
        if fate.is_failed:
            self._say("warning", f"Not passed on: {fate.words}.")

    def _on_mail(self, outcome: Outcome) -> None:
        if not outcome.reason:
            self._mailed[outcome.key] = "mailed"
        elif outcome.is_last:
            self._mailed[outcome.key] = f"mail FAILED: {outcome.reason}"
            self._say("warning", f"Not mailed after {outcome.tries} tries: {outcome.subject}: {outcome.reason}.")
        else:
            self._mailed[outcome.key] = f"mail is tried again: {outcome.reason}"

    def _with_fates(self, row: AlertRow) -> AlertRow:
        """Return a row that also says what became of its mail and its call."""
        fates = (fate for told in (self._mailed, self._hooked) if (fate := told.get(row.alert.id)))
        return msgspec.structs.replace(row, remark="; ".join(filter(None, (row.remark, *fates))))

    def _now(self) -> int:
        return self._core.clock.now_ns()

    def _on_batch(self, events: list[MarketEvent]) -> None:
        wanted = self.book.symbols
        if wanted:
            touched = {event.symbol for event in events if isinstance(event, Quote | Trade)} & wanted
            if touched:
                self.book.check(self._now(), touched)

    def _on_record(self, saved: RecordSaved) -> None:
        run = saved.record
        if isinstance(run, StrategyRun) and "status" in saved.changed:
            strategy = self._core.state.records.find(StrategyDefinition, run.tenant, run.strategy_id)
            self.book.on_run(run, () if strategy is None else strategy.instruments, self._now())

    def _keep(self) -> None:
        if self._file is not None:
            text = msgspec.json.format(msgspec.json.encode(self.book.alerts()), indent=2)
            self._writer.submit(_written, self._file, text)

    def _read(self, alert: Alert, names: frozenset[str]) -> Snapshot:
        """Return what an alert's condition reads, from the market's cache, the ledger and closed bars."""
        instrument = self._core.instruments[alert.symbol]
        cache = self._core.market.cache
        price, quote, stats = cache.price(alert.symbol), cache.quote(alert.symbol), cache.stats(alert.symbol)
        prices = {"last": price.value, "hod": stats.high, "lod": stats.low, "vwap": stats.vwap}
        if quote is not None:
            prices |= {"bid": quote.bid, "ask": quote.ask}
        values: dict[str, Value] = {n: _price(p, instrument) for n, p in prices.items() if p is not None}
        if "bid" in values and "ask" in values:
            values["mid"] = (Fraction(values["bid"]) + Fraction(values["ask"])) / 2
            values["spread"] = Fraction(values["ask"]) - Fraction(values["bid"])
        tick = _price(instrument.tick_at(price.value or 0), instrument)
        values |= {"tick": tick, "fresh": price.is_fresh, "age_s": Fraction(price.age_ns, NS_PER_S)}
        values["volume"] = Fraction(stats.volume, 10**instrument.qty_decimals)
        values |= self._figures(alert, instrument, names)
        why = {}
        for name in names:
            reading = self._studies.reading(alert, name)
            if reading is not None and reading.number is not None:
                values[name] = reading.number
            elif reading is not None and reading.trouble:
                why[name] = reading.trouble
        point = None if instrument.inverse else Fraction(instrument.multiplier, 10**instrument.multiplier_decimals)
        lot = Fraction(instrument.lot, 10**instrument.qty_decimals)
        return Snapshot(values=values, tick=tick, lot=lot, point_value=point, why=why)

    def _figures(self, alert: Alert, instrument: Instrument, names: frozenset[str]) -> dict[str, Value]:
        account = alert.account or next(iter(self._core.state.accounts), "")
        if account not in self._core.state.accounts:
            return {}
        held = self._core.state.ledger.position(account, alert.symbol)
        qty = 0 if held is None else held.qty
        values: dict[str, Value] = {
            "pos": Fraction(qty, 10**instrument.qty_decimals),
            "flat": qty == 0,
            "long": qty > 0,
            "short": qty < 0,
        }
        net = self._core.pnl.day(account).net
        opened = self._core.pnl.unrealised(account, alert.symbol)
        money = {"day_pnl": net, "open_pnl": opened}
        if names & _FUNDS:
            funds = self._core.funds.funds(account)
            money |= {"equity": funds.equity, "margin": funds.margin_used, "bp": funds.buying_power}
        return values | {name: Fraction(amount, MONEY_ONE) for name, amount in money.items() if amount is not None}


def _price(price: int, instrument: Instrument) -> Fraction:
    return Fraction(price, 10**instrument.price_decimals)


def _written(file: Path, text: bytes) -> None:
    """Write the file whole or not at all; a folder that cannot be written is logged."""
    try:
        write_whole(file, text)
    except OSError as error:
        _log.warning("alerts_not_kept", reason=str(error))
