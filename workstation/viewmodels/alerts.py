"""Alerts judged: what a condition may read, when it fires, and what its list says. Pure; the engine asks and tells.

Beside the tick walk. An alert fires when its condition comes to hold, not while it holds; what cannot be read now
suspends it and says so, and decides nothing. Nothing here sends an order.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import msgspec

from workstation.domain.alerts import (
    ALERTS_MAX,
    EVENTS,
    HISTORY_MAX,
    NAME_CHARS_MAX,
    RUN_EVENTS,
    Alert,
    AlertHook,
    AlertRow,
    AlertState,
)
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.expressions.evaluation import Absent, Expression, Snapshot, Value, compiled
from workstation.domain.expressions.tokens import ExpressionError
from workstation.domain.expressions.vocabulary import Kind
from workstation.domain.orders import OrderState
from workstation.domain.records import StrategyRun
from workstation.domain.times import NS_PER_S
from workstation.marketdata.indicators.catalogue import INDICATORS, Indicator, Pane
from workstation.marketdata.indicators.own import ID_PREFIX
from workstation.marketdata.intervals import INTERVALS
from workstation.viewmodels.formats import MISSING

FIRE_EVERY_NS_MIN = NS_PER_S
"""Least time between two firings whatever the rest that is asked for: a firing is journaled and may call others."""

CLOSED = "the program was closed"
"""Why alerts that come back were not read before."""

NAMES_READ_MAX = 3
"""Values that a row says, of all that a condition reads."""

_NAMES: Mapping[Kind, str] = {
    Kind.PRICE: "bid ask mid last hod lod vwap",
    Kind.DISTANCE: "spread tick",
    Kind.QTY: "pos volume",
    Kind.MONEY: "day_pnl open_pnl equity margin bp",
    Kind.RATIO: "age_s",
    Kind.BOOL: "flat long short fresh",
}
_PLAIN: Mapping[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_ALWAYS = frozenset({"fresh", "age_s", "pos", "flat", "long", "short", "tick"})
"""Names that are true however old the prices are."""

_OWN = re.compile(
    re.escape(ID_PREFIX) + r"([A-Za-z_]\w*)\.([A-Za-z_]\w*?)(?:_(\d{1,4}))?(?:\.([A-Za-z_]\w*))?", re.ASCII
)


class Study(msgspec.Struct, frozen=True):
    """One indicator that a condition reads, such as `ema_20` or `bollinger_20_upper`: its id, first figure and line."""

    indicator: Indicator
    settings: Mapping[str, float]
    line: int


def study_of(name: str) -> Study | None:
    """Return the indicator that a name stands for, None for any other name."""
    indicator_id, *parts = name.split("_")
    found = INDICATORS.get(indicator_id)
    if found is None:
        return None
    settings: dict[str, float] = {}
    if parts and re.fullmatch(r"\d{1,4}", parts[0]) and found.parameters:
        first = found.parameters[0]
        if not first.low <= int(parts[0]) <= first.high:
            return None
        settings[first.name] = int(parts.pop(0))
    line = "_".join(parts)
    if not line:
        return Study(found, settings, 0)
    return Study(found, settings, found.lines.index(line)) if line in found.lines else None


class OwnStudy(msgspec.Struct, frozen=True):
    """An own indicator that a condition reads, as it is named: `own.module.Class`, `own.module.Class_5.line`.

    figure: its first figure, None where none is named; line: "" for the first. What its file offers is known elsewhere.
    """

    module: str
    kind: str
    figure: int | None
    line: str


def own_study_of(name: str) -> OwnStudy | None:
    """Return the own indicator that a name stands for, None for any other name."""
    found = _OWN.fullmatch(name)
    if found is None:
        return None
    module, kind, figure, line = found.groups()
    return OwnStudy(module, kind, None if figure is None else int(figure), line or "")


def own_line(study: OwnStudy, offered: Mapping[str, Indicator]) -> Study:
    """Return what a named own indicator is among those that its file offers, by id.

    A class may end in a number itself: `Class_5` is that class where there is one, else `Class` with the figure 5.

    Raises:
        ValidationError: there is none of that name, or its figure or line is none.
    """
    whole = "" if study.figure is None else f"{ID_PREFIX}{study.module}.{study.kind}_{study.figure}"
    found = offered.get(whole) or offered.get(f"{ID_PREFIX}{study.module}.{study.kind}")
    if found is None:
        raise ValidationError("condition", f"{study.module}.py has no own indicator {study.kind}")
    settings: dict[str, float] = {}
    if study.figure is not None and found.id != whole:
        if not found.parameters:
            raise ValidationError("condition", f"{study.kind} has no figure")
        settings[found.parameters[0].name] = study.figure
        found.values(settings)
    if study.line and study.line not in found.lines:
        allowed = ", ".join(found.lines)
        raise ValidationError("condition", f"{study.kind} has no line {study.line}", allowed=allowed)
    return Study(found, settings, found.lines.index(study.line) if study.line else 0)


class AlertNames(Mapping[str, Kind]):
    """The vocabulary of alerts: prices, figures, and every indicator as `id`, `id_bars` or `id_bars_line`.

    An own one is `own.module.Class`, with `_bars` and `.line` behind it, and a plain number.
    """

    def __getitem__(self, name: str) -> Kind:
        if name in _PLAIN:
            return _PLAIN[name]
        study = study_of(name)
        if study is None:
            if own_study_of(name) is not None:
                return Kind.PLAIN
            raise KeyError(name)
        return Kind.PRICE if study.indicator.pane is Pane.PRICE else Kind.RATIO

    def __iter__(self) -> Iterator[str]:
        return iter([*_PLAIN, "ema_20", "rsi_14", "and other indicators, own.file.Class"])

    def __len__(self) -> int:
        return len(_PLAIN) + len(INDICATORS)


VOCABULARY = AlertNames()


def condition_of(text: str) -> Expression:
    """Return a condition made ready.

    Raises:
        ValidationError: with the column of what is wrong, and what was expected there.
    """
    try:
        return compiled(text, Kind.BOOL, VOCABULARY)
    except ExpressionError as error:
        raise ValidationError("condition", str(error)) from error


def checked(alert: Alert) -> Expression | None:
    """Return the condition of an alert, None for one that waits for an event of an order.

    Raises:
        ValidationError: neither or both of condition and event, or a value outside its bounds.
    """
    if bool(alert.condition.strip()) == bool(alert.event):
        raise ValidationError("condition", "give either a condition or an event of an order or a strategy")
    if alert.event and alert.event not in EVENTS and alert.event not in RUN_EVENTS:
        raise ValidationError("event", f"{alert.event!r} is none", allowed=", ".join((*EVENTS, *RUN_EVENTS)))
    if alert.interval not in INTERVALS:
        raise ValidationError("interval", f"{alert.interval!r} is none", allowed=", ".join(INTERVALS))
    if len(alert.name) > NAME_CHARS_MAX or not alert.name.isprintable():
        raise ValidationError("name", f"has at most {NAME_CHARS_MAX} printable characters")
    if not 0 <= alert.cooldown_s <= 86_400:
        raise ValidationError("cooldown_s", "is out of range", allowed="0 to 86400")
    return None if alert.event else condition_of(alert.condition)


def words_of(alert: Alert) -> str:
    """Return what an alert is called: its name, else what it waits for."""
    return alert.name or f"{alert.symbol} {alert.condition or event_words(alert.event)}"


def event_words(event: str) -> str:
    """Return an event of an order or of a strategy's run in words."""
    run = RUN_EVENTS.get(event)
    words = f"order {event}" if run is None else f"strategy {run.value}"
    return words.replace("_", " ").lower()


def deeds_of(alert: Alert, hooks: Iterable[AlertHook], line: str = "") -> str:
    """Return what a firing does, and how often. hooks: those that may be called; line: what its line does."""
    deeds = ["note", *(["mail"] if alert.mail else []), *([line] if line else [])]
    if alert.webhook:
        names = {hook.id: hook.name for hook in hooks}
        deeds.append(f"call {names.get(alert.webhook, 'a webhook that is off or gone')}")
    often = f"each time, rest {alert.cooldown_s:g} s" if alert.repeats else "once"
    return f"{', '.join(deeds)} · {often}"


class _Watch(msgspec.Struct):
    """An alert with what it reads. blind: why it could not be read when it was last to be; "" where it could."""

    alert: Alert
    condition: Expression | None
    suspended: str = ""
    reading: str = ""
    blind: str = ""


Read = Callable[[Alert, frozenset[str]], Snapshot]
"""Returns the values of names for an alert, absent ones left out."""


class AlertBook:
    """Every alert. `read` gives values, `tell` hears of each firing with one sentence; times are UTC ns."""

    def __init__(self, read: Read, tell: Callable[[Alert, str], None]) -> None:
        self._read, self._tell = read, tell
        self._watches: dict[str, _Watch] = {}
        self.dirty = False

    @property
    def symbols(self) -> frozenset[str]:
        """Instruments that a condition waits for a price of."""
        return frozenset(w.alert.symbol for w in self._watches.values() if w.condition is not None and w.alert.is_on)

    def alerts(self) -> tuple[Alert, ...]:
        """Return every alert as it is kept."""
        return tuple(watch.alert for watch in self._watches.values())

    def rows(self, now_ns: int) -> tuple[AlertRow, ...]:
        """Return every alert with its state, oldest first."""
        return tuple(AlertRow(w.alert, _state(w, now_ns), w.suspended, w.reading) for w in self._watches.values())

    def save(self, alert: Alert, now_ns: int, *, fire_now: bool = False) -> None:
        """Keep an alert; a condition that holds already fires on `fire_now`, else the next time it comes to hold.

        A new condition that cannot be read now counts as one that does not hold: if the first reading finds that it
        does, its level was crossed meanwhile, and it fires.

        Raises:
            ValidationError: it cannot be judged, or there are ALERTS_MAX already.
        """
        condition = checked(alert)
        if alert.id not in self._watches and len(self._watches) >= ALERTS_MAX:
            raise ValidationError("alert", f"there are {ALERTS_MAX} already")
        known = self._watches.get(alert.id)
        is_new = known is None or known.alert.condition != alert.condition
        if condition is not None and (fire_now or (is_new and self.holds(alert) is None)):
            alert = msgspec.structs.replace(alert, holds=False)
        self._watches[alert.id] = _Watch(alert, condition)
        self.dirty = True
        self.check(now_ns, (alert.symbol,))

    def holds(self, alert: Alert) -> bool | None:
        """Tell whether what an alert waits for is so already, None where that cannot be read now.

        Raises:
            ValidationError: it cannot be judged.
        """
        condition = checked(alert)
        if condition is None:
            return False
        outcome = _outcome(condition, self._read(alert, condition.names))
        return None if isinstance(outcome, Absent) else bool(outcome)

    def load(self, alerts: Iterable[Alert]) -> list[str]:
        """Take kept alerts back; returns what is wrong with those that are left out: they cannot be judged any more."""
        problems = []
        for alert in alerts:
            try:
                self._watches[alert.id] = _Watch(alert, checked(alert), blind=CLOSED)
            except ValidationError as error:
                problems.append(f"Alert {words_of(alert)} is left out: {error}")
        return problems

    def delete(self, alert_id: str) -> None:
        """Forget an alert.

        Raises:
            NotFound: there is none.
        """
        if self._watches.pop(alert_id, None) is None:
            raise NotFound("alert", alert_id)
        self.dirty = True

    def check(self, now_ns: int, symbols: Iterable[str]) -> None:
        """Judge the conditions on some instruments."""
        wanted = frozenset(symbols)
        for watch in tuple(self._watches.values()):
            if watch.condition is not None and watch.alert.symbol in wanted and _waits(watch.alert, now_ns):
                self._judge(watch, watch.condition, now_ns)

    def on_order(self, order: OrderState, now_ns: int) -> None:
        """Judge the alerts that wait for an event of an order."""
        for watch in tuple(self._watches.values()):
            alert = watch.alert
            if alert.event != order.status or not _waits(alert, now_ns):
                continue
            if alert.symbol == order.terms.symbol and alert.account in ("", order.terms.account):
                self._fire(watch, now_ns, f"order {order.cl_ord_id} is {order.status.value.lower()}")

    def on_run(self, run: StrategyRun, symbols: Collection[str], now_ns: int) -> None:
        """Judge the alerts that wait for a run's new state. symbols: what its strategy trades, none for anything."""
        for watch in tuple(self._watches.values()):
            alert = watch.alert
            if RUN_EVENTS.get(alert.event) is not run.status or not _waits(alert, now_ns):
                continue
            if (not symbols or alert.symbol in symbols) and alert.account in ("", run.account):
                self._fire(watch, now_ns, f"{run.run_name or 'run'} {run.run_number} is {run.status.value.lower()}")

    def _judge(self, watch: _Watch, condition: Expression, now_ns: int) -> None:
        snapshot = self._read(watch.alert, condition.names)
        watch.reading = _reading(condition, snapshot)
        value = _outcome(condition, snapshot)
        if isinstance(value, Absent):
            watch.suspended = value.reason
            watch.blind = watch.blind or value.reason
            return
        watch.suspended, blind, watch.blind = "", watch.blind, ""
        before, holds = watch.alert.holds, bool(value)
        if before is not holds:
            watch.alert = msgspec.structs.replace(watch.alert, holds=holds)
            self.dirty = True
        if holds and before is False and _rested(watch.alert, now_ns):
            unseen = f"; it came to hold while it could not be read: {blind}" if blind else ""
            self._fire(watch, now_ns, f"{condition} holds{unseen}")

    def _fire(self, watch: _Watch, now_ns: int, why: str) -> None:
        count = watch.alert.fired_count + 1
        history = (*watch.alert.history, now_ns)[-HISTORY_MAX:]
        watch.alert = msgspec.structs.replace(watch.alert, fired_at=now_ns, fired_count=count, history=history)
        self.dirty = True
        self._tell(watch.alert, f"Alert {words_of(watch.alert)}: {why}.")


def _outcome(condition: Expression, snapshot: Snapshot) -> Value | Absent:
    """Return what a condition comes to; stale prices decide nothing."""
    stale = snapshot.values.get("fresh") is False and bool(condition.names - _ALWAYS)
    return Absent("prices are stale") if stale else condition.value(snapshot)


def _waits(alert: Alert, now_ns: int) -> bool:
    expired = alert.expires_at is not None and alert.expires_at <= now_ns
    return alert.is_on and not expired and not _snoozes(alert, now_ns) and (alert.repeats or not alert.fired_count)


def _snoozes(alert: Alert, now_ns: int) -> bool:
    return alert.snoozed_until is not None and now_ns < alert.snoozed_until


def _rested(alert: Alert, now_ns: int) -> bool:
    rest_ns = max(alert.cooldown_s * NS_PER_S, FIRE_EVERY_NS_MIN)
    return alert.fired_at is None or now_ns - alert.fired_at >= rest_ns


def _state(watch: _Watch, now_ns: int) -> AlertState:
    alert = watch.alert
    if not alert.is_on:
        return AlertState.OFF
    if alert.fired_count and not alert.repeats:
        return AlertState.FIRED
    if alert.expires_at is not None and alert.expires_at <= now_ns:
        return AlertState.EXPIRED
    if _snoozes(alert, now_ns):
        return AlertState.SNOOZED
    return AlertState.SUSPENDED if watch.suspended else AlertState.ARMED


def _reading(condition: Expression, snapshot: Snapshot) -> str:
    """Return what a condition reads, as texts; what is absent is a dash."""
    names = sorted(condition.names)
    said = [f"{name} {_value(snapshot.values.get(name))}" for name in names[:NAMES_READ_MAX]]
    return ", ".join([*said, "…"] if len(names) > NAMES_READ_MAX else said)


def _value(value: Value | None) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{float(value):,.4f}".rstrip("0").rstrip(".").replace("-", "−")
