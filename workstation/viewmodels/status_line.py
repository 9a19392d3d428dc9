"""Words of the top bar and the status bar: every state says itself in text, never by colour alone. Qt-free."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from workstation.domain.accounts import Environment, KillScope
from workstation.domain.market import StreamState
from workstation.viewmodels.formats import money
from workstation.viewmodels.frames import AccountSnap, StatusSnap, StreamSnap
from workstation.viewmodels.trading_hours import HoursEvent

STALE_AMBER_MS = 1_500
STALE_RED_MS = 5_000
SILENT = "STALE"
"""Word of a stream whose link is up and that says nothing."""
LAG_AMBER_MS, LAG_RED_MS = 100, 1_000
MEMORY_AMBER_MB = 1_000
MEMORY_GROWTH_AMBER_MB = 100
"""Growth in an hour."""

STALL_AMBER_MS, STALL_RED_MS = 16, 100
OFFSET_AMBER_MS, OFFSET_RED_MS = 500, 2_000

_BARS = "▁▂▃▄▅▆▇█"


class Chip(msgspec.Struct, frozen=True):
    """One item of a bar: text, level (ok, muted, amber, red, sim, live, replay) and the long text on hover.

    mark: colour role of the account that it belongs to, "" for none. shorter: what may stand for the text where there
    is less room, the longest first; nothing that tells of danger is left out of them.
    """

    text: str
    level: str
    hover: str
    mark: str = ""
    shorter: tuple[str, ...] = ()


def arm_chip(status: StatusSnap | None) -> Chip:
    """Return the arm chip: DISARMED, SIM, LIVE or REPLAY; a kill switch goes first."""
    if status is None:
        return Chip("NO ENGINE", "red", "The engine has not answered yet; nothing can be sent.")
    of_hand = [kill for kill in status.kills if kill.scope is not KillScope.STRATEGY]
    if of_hand:
        names = ", ".join(f"{kill.scope} {kill.key}".strip() for kill in status.kills)
        return Chip("KILLED", "red", f"Kill switch on: {names}. New risk is refused; cancels and exits work.")
    others, beside = _others(status)
    count, killed = status.active_runs + status.live_strategies + status.live_keys, len(status.kills)
    short = (f" +{count}" if count else "") + (f" · {killed} killed" if killed else "")
    if status.armed is None:
        hover = "Hand entry is disarmed: orders that add risk are refused. Ctrl+F12 arms."
        return Chip(f"DISARMED{others}", "muted", hover + beside, shorter=(f"DISARMED{short}",))
    level = {Environment.SIM: "sim", Environment.LIVE: "live", Environment.REPLAY: "replay"}[status.armed]
    hover = f"Hand entry is armed for {status.armed}. F12 disarms.{beside}"
    return Chip(f"ARMED {status.armed}{others}", level, hover, shorter=(f"ARMED {status.armed}{short}",))


def _others(status: StatusSnap) -> tuple[str, str]:
    """Return who else may send orders now, short and as a sentence: arming by hand does not stop them."""
    counts = (
        (status.active_runs, "run", "runs"),
        (status.live_strategies, "live strategy", "live strategies"),
        (status.live_keys, "live key", "live keys"),
    )
    known = [f"{number} {many if number > 1 else one}" for number, one, many in counts if number]
    killed = len(status.kills)
    stopped = f" {killed} strateg{'ies are' if killed > 1 else 'y is'} stopped by the kill switch." if killed else ""
    short = [*known, f"{killed} killed"] if killed else known
    beside = f" Beside the hand: {' and '.join(known)}, armed or not." if known else ""
    return "".join(f" · {text}" for text in short), beside + stopped


def day_chip(account: AccountSnap | None) -> Chip:
    """Return the day's net P&L with the distance to the day limit."""
    if account is None:
        return Chip("—", "muted", "No account figures yet.")
    net, shorter = money(account.net, signed=True), tuple[str, ...]()
    text = f"{net} {account.currency}"
    hover = f"Day net: realised {money(account.realised)}, open {money(account.unrealised)}"
    hover += f", fees {money(account.fees)}. Average cost, marked at mid."
    if account.missing_rates:
        missing = ", ".join(account.missing_rates)
        return Chip("— no rate", "amber", f"No day net: there is no rate of {missing} in {account.currency}.")
    if account.day_limit is not None:
        left = account.day_limit + min(account.net, 0)
        room = money(left, places=0)
        shorter = (f"{text} ▸ {room}", f"{net} ▸ {room}")
        text += f"  ▸ {room} to limit"
        hover += f" {money(left)} left to the day loss limit of {money(account.day_limit)}."
    if account.unpriced:
        hover += f" {len(account.unpriced)} unmarked: {', '.join(account.unpriced)}."
    level = "rise" if account.net > 0 else "fall" if account.net < 0 else "ok"
    return Chip(text, "red" if account.lockout else level, account.lockout or hover, shorter=shorter)


def stream_word(stream: StreamSnap) -> str:
    """Return a stream's state, SILENT where its link is up and its oldest instrument too old; "" before any data."""
    is_silent = stream.state == StreamState.UP and stream.worst_age_ms >= STALE_RED_MS
    return SILENT if is_silent else stream.state


def stream_chip(stream: StreamSnap) -> Chip:
    """Return one stream's worst age, with the instrument it belongs to."""
    name = stream.stream.lower()
    if not stream.state:
        return Chip(f"{name} no data", "muted", f"Nothing has come on the {name} stream yet.")
    if stream.state != "UP":
        return Chip(f"{name} {stream.state}", "red", f"The {name} stream is {stream.state}.")
    level = "red" if stream.worst_age_ms >= STALE_RED_MS else "amber" if stream.worst_age_ms >= STALE_AMBER_MS else "ok"
    word = f" {SILENT}" if level == "red" else ""
    text = f"{name} {_age(stream.worst_age_ms)}{word}"
    return Chip(text, level, f"Oldest {name}: {stream.worst_symbol or 'none'}; {stream.updates_per_s:,.0f} updates/s.")


def latency_chip(status: StatusSnap) -> Chip:
    """Return the newest order's latency stage by stage, a sparkline of acknowledgements, and percentiles on hover."""
    latency = status.latency
    stages = (
        ("key→journal", latency.key_to_journal),
        ("→sent", latency.journal_to_sent),
        ("→ack", latency.sent_to_ack),
        ("→fill", latency.ack_to_fill),
    )
    known = [(name, pair) for name, pair in stages if pair is not None]
    if not known:
        return Chip("orders no data", "muted", "Latency appears with the first order.")
    newest = zip((name for name, _ in stages), latency.last, strict=False)
    told = [f"{name} {waited / 1000:.1f}" for name, waited in newest if waited is not None]
    text = " ".join(told) or " ".join(f"{name} {pair[0] / 1000:.1f}" for name, pair in known)
    hover = "; ".join(f"{name} p50 {pair[0] / 1000:.2f} ms, p99 {pair[1] / 1000:.2f} ms" for name, pair in known)
    line = f" {sparkline(latency.acks)}" if len(latency.acks) > 1 else ""
    whose = "newest order" if told else "median"
    gateway = status.venue or status.feed
    return Chip(f"{text} ms{line}", "ok", f"{gateway}: {whose} {text} ms. {hover}; {latency.count} orders.")


def sparkline(values: Sequence[int]) -> str:
    """Return one bar a value, the largest full."""
    top = max(values, default=0)
    return "".join(_BARS[min(value * len(_BARS) // top, len(_BARS) - 1)] if top else _BARS[0] for value in values)


def lag_chip(status: StatusSnap, screen_ms: float | None) -> Chip:
    """Return how late the engine's timers and this screen run; a screen that has not measured has no figure."""
    screen = "" if screen_ms is None else f"+{screen_ms:.0f}"
    worst = max(status.engine_lag_ms, screen_ms or 0.0)
    level = "red" if worst >= LAG_RED_MS else "amber" if worst >= LAG_AMBER_MS else "ok"
    word = " BEHIND" if level == "red" else " late" if level == "amber" else ""
    hover = f"The engine's timers run {status.engine_lag_ms:.0f} ms late"
    hover += f"; the screen shows the engine's report {screen_ms:.0f} ms after it was made." if screen else "."
    return Chip(f"lag {status.engine_lag_ms:.0f}{screen} ms{word}", level, hover)


def memory_chip(used_mb: float, growth_mb: float | None, series: Sequence[tuple[str, int]] = ()) -> Chip:
    """Return resident memory and how fast it grows, MB an hour; None while it is too early to say.

    series: what takes most of it, (name, bytes), the largest first; named once memory is over its bound.
    """
    grows = growth_mb is not None and growth_mb >= MEMORY_GROWTH_AMBER_MB
    text = f"mem {used_mb:.0f} MB" + (f" {growth_mb:+.0f}/h" if growth_mb is not None else "")
    hover = "Resident memory of this process"
    hover += "; its slope is told after ten minutes." if growth_mb is None else f", {growth_mb:+.1f} MB an hour."
    is_over = used_mb >= MEMORY_AMBER_MB
    if is_over and series:
        name, size = series[0]
        text += f" · {name}"
        hover += f". Over {MEMORY_AMBER_MB:,} MB; the largest series is {name}, {size / 1e6:.0f} MB"
    level = "amber" if grows or is_over else "ok"
    return Chip(text + (" GROWS" if grows else " OVER" if is_over else ""), level, hover)


def stall_chip(worst_ms: float) -> Chip:
    """Return the longest time that the GUI thread was blocked within the last minute."""
    level = "red" if worst_ms >= STALL_RED_MS else "amber" if worst_ms >= STALL_AMBER_MS else "ok"
    word = " SLOW" if level == "red" else " late" if level == "amber" else ""
    return Chip(f"gui {worst_ms:.0f} ms{word}", level, "Longest GUI stall of the last minute")


def clock_chip(now_ns: int, hours: HoursEvent) -> Chip:
    """Return the time of the market in UTC with the next event of trading hours of the trade focus."""
    moment = datetime.fromtimestamp(now_ns / 1e9, UTC)
    hover = f"{moment:%A %Y-%m-%d %H:%M:%S} UTC. {hours.sentence}"
    time = f"{moment:%H:%M:%S}"
    shorter = (f"{time} · {hours.text}",) if hours.is_near else (f"{time} UTC", time)
    return Chip(f"{time} UTC · {hours.text}", "amber" if hours.is_near else "muted", hover, shorter=shorter)


def offset_chip(status: StatusSnap) -> Chip:
    """Return how far the feed's clock stands from ours."""
    if status.clock_offset_ns is None:
        return Chip("clock no data", "muted", "The feed's clock is told with the first tick; a replay has none.")
    ms = status.clock_offset_ns / 1e6
    level = "red" if abs(ms) >= OFFSET_RED_MS else "amber" if abs(ms) >= OFFSET_AMBER_MS else "ok"
    word = " OFF" if level == "red" else " apart" if level == "amber" else ""
    text = f"{ms:+,.0f} ms" if round(ms) else "0 ms"
    side = "ahead of" if ms > 0 else "behind"
    hover = f"On arrival, ticks of {status.feed} are {abs(ms):,.1f} ms {side} this machine's clock"
    return Chip(
        f"clock {text}{word}".replace("-", "−"), level, f"{hover}: its offset less the shortest way of a minute."
    )


def storage_chip(status: StatusSnap) -> Chip:
    """Return the journal's state: last sequence, how full its queue is, or why it takes no new risk."""
    if status.storage_trouble:
        head, _, _ = status.storage_trouble.partition(":")
        works = (
            "Nothing can be sent." if status.venue_state != "UP" else "New orders are refused; cancels and exits go on."
        )
        return Chip(f"STORAGE {head}", "red", f"{status.storage_trouble} {works}")
    level = "amber" if status.journal_fill >= 0.5 else "ok"
    return Chip(f"journal {status.journal_seq:,}", level, f"Journal queue {status.journal_fill:.0%} full.")


def _age(age_ms: int) -> str:
    return f"{age_ms} ms" if age_ms < 1_000 else f"{age_ms / 1000:.1f} s"
