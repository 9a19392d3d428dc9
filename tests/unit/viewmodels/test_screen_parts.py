"""Screen state: outbox, focus, links, sizes, latency, log lines and words of the bars."""

from __future__ import annotations

from workstation.domain.accounts import Environment, KillScope, KillState
from workstation.domain.market import Bar, BarKind, BarType, SessionPhase, StreamKind
from workstation.viewmodels.focus import LinkGroups, SizePresets, TradeFocus
from workstation.viewmodels.frames import (
    BarUpdate,
    LatencySnap,
    LogRow,
    Notice,
    QuoteSnap,
    StatusSnap,
    StreamSnap,
)
from workstation.viewmodels.log_lines import line_of, matches
from workstation.viewmodels.outbox import ROWS_MAX, Outbox
from workstation.viewmodels.panel_notes import ConnectionWatch, PanelNote
from workstation.viewmodels.status_line import (
    arm_chip,
    lag_chip,
    latency_chip,
    memory_chip,
    storage_chip,
    stream_chip,
)

MINUTE = BarType(BarKind.MINUTE, 1)


def quote(symbol: str, bid: int) -> QuoteSnap:
    """Return a fresh quote."""
    return QuoteSnap(
        symbol=symbol, bid=bid, bid_size=1, ask=bid + 1, ask_size=1, last=bid, last_size=1, open=bid, high=bid, low=bid,
        prev_close=None, volume=1, vwap=bid, freshness="FRESH", age_ms=1, phase=SessionPhase.OPEN,
    )  # fmt: skip


def status(**changes: object) -> StatusSnap:
    """Return the status of a quiet engine."""
    values: dict[str, object] = {
        "environment": Environment.SIM, "feed": "SIM", "feed_state": "UP", "venue_state": "UP", "streams": (),
        "latency": LatencySnap(key_to_journal=None, journal_to_sent=None, sent_to_ack=None, count=0),
        "engine_lag_ms": 0.0, "updates_per_s": 0.0, "journal_seq": 1, "journal_fill": 0.0, "storage_trouble": "",
        "armed": None, "kills": (), "open_orders": 0, "unknown_orders": 0,
    }  # fmt: skip
    return StatusSnap(**(values | changes))  # type: ignore[arg-type]  # fields are checked by the constructor


def bar(ts: int) -> Bar:
    """Return a one-minute bar."""
    return Bar("A", MINUTE, 1, 2, 1, 2, 5, 1, ts, ts + 60)


def test_rows_come_in_order_and_wake_once_quotes_newest_wins() -> None:
    woken = list[bool]()
    box = Outbox(lambda: woken.append(True))
    notices = [Notice(level="info", text=str(n), ts=n) for n in range(3)]
    box.put_rows(notices[:1])
    box.put_rows(notices[1:])
    box.put_snapshots(quotes=[quote("A", 1)])
    box.put_snapshots(quotes=[quote("A", 2), quote("B", 3)])
    frame = box.take()
    assert frame.rows == notices
    assert len(woken) == 1
    assert {symbol: snap.bid for symbol, snap in frame.quotes.items()} == {"A": 2, "B": 3}
    assert not box.take().rows


def test_closed_bars_are_kept_and_the_live_one_is_replaced() -> None:
    box = Outbox(lambda: None)
    box.put_snapshots(bars=[BarUpdate("A", MINUTE, bar(0), closed=False)])
    box.put_snapshots(bars=[BarUpdate("A", MINUTE, bar(0), closed=True), BarUpdate("A", MINUTE, bar(60), closed=False)])
    assert [(update.bar.ts_open, update.closed) for update in box.take().bars] == [(0, True), (60, False)]


def test_a_consumer_far_behind_is_told_that_rows_were_lost() -> None:
    box = Outbox(lambda: None)
    box.put_rows([Notice(level="info", text="", ts=0)] * (ROWS_MAX + 1))
    frame = box.take()
    assert frame.overflowed
    assert not frame.rows
    assert not box.take().overflowed


def test_a_focus_change_guards_keys_for_300_ms() -> None:
    now = [10**9]
    focus, told = TradeFocus("ACC", "A", lambda: now[0]), list[str]()
    focus.listen(lambda: told.append(focus.symbol))
    assert not focus.guarded
    focus.move(symbol="A")
    assert not told
    focus.move(symbol="B")
    assert focus.guarded
    now[0] += 300_000_000
    assert not focus.guarded
    assert told == ["B"]


def test_a_link_group_moves_together_and_others_stay() -> None:
    links, told = LinkGroups(), list[tuple[str, str]]()
    end = links.listen(lambda group, symbol: told.append((group, symbol)))
    links.choose("A", "X")
    links.choose("A", "X")
    links.choose("B", "Y")
    end()
    links.choose("A", "Z")
    assert told == [("A", "X"), ("B", "Y")]
    assert (links.chosen("A"), links.chosen("C")) == ("Z", None)


def test_sizes_stay_within_their_presets() -> None:
    sizes = SizePresets((1, 10), 0)
    sizes.choose(9)
    assert sizes.size == 10
    sizes.choose(-1)
    assert sizes.size == 1


def test_every_state_of_the_bars_says_itself_in_words() -> None:
    assert arm_chip(None).text == "NO ENGINE"
    assert arm_chip(status()).text == "DISARMED"
    assert arm_chip(status(armed=Environment.SIM)).text == "ARMED SIM"
    others = status(armed=Environment.SIM, active_runs=2, live_keys=1)
    assert arm_chip(others).text == "ARMED SIM · 2 runs · 1 live key"
    assert arm_chip(status(active_runs=1)).text == "DISARMED · 1 run"
    assert arm_chip(status(active_runs=2, live_strategies=1)).text == "DISARMED · 2 runs · 1 live strategy"
    kill = KillState(scope=KillScope.SYMBOL, key="A", on=True, reason="", actor="", ts=0)
    assert "SYMBOL A" in arm_chip(status(armed=Environment.SIM, kills=(kill,))).hover


def test_the_kill_of_a_strategy_leaves_the_arm_state_of_the_hand_to_be_seen() -> None:
    kill = KillState(scope=KillScope.STRATEGY, key="run-7", on=True, reason="flood", actor="", ts=0)
    chip = arm_chip(status(armed=Environment.SIM, active_runs=1, kills=(kill,)))
    assert chip.text == "ARMED SIM · 1 run · 1 killed"
    assert chip.hover.endswith("Beside the hand: 1 run, armed or not. 1 strategy is stopped by the kill switch.")
    stale = StreamSnap(stream=StreamKind.QUOTES, state="UP", worst_age_ms=7_200, worst_symbol="A", updates_per_s=0.0)
    assert stream_chip(stale).text == "quotes 7.2 s STALE"
    assert "no data" in latency_chip(status()).text
    assert lag_chip(status(engine_lag_ms=2.0), 40.0).text == "lag 2+40 ms"
    assert lag_chip(status(engine_lag_ms=2.0), 1_400.0).text == "lag 2+1400 ms BEHIND"
    assert lag_chip(status(), None).text == "lag 0 ms"
    assert memory_chip(300.4, None).text == "mem 300 MB"
    assert memory_chip(300.0, 3.6).text == "mem 300 MB +4/h"
    assert memory_chip(300.0, 150.0).text == "mem 300 MB +150/h GROWS"
    assert storage_chip(status(storage_trouble="disk full")).text == "STORAGE disk full"
    damaged = storage_chip(status(storage_trouble="VIEW ONLY: line 7 was changed.", venue_state="DOWN"))
    assert (damaged.text, damaged.hover) == (
        "STORAGE VIEW ONLY",
        "VIEW ONLY: line 7 was changed. Nothing can be sent.",
    )


def test_a_log_text_is_one_line_and_found_by_its_words() -> None:
    line = line_of(LogRow("2026-01-01T10:00:00.123456Z", "warning", "order", "note=a\nb \x1b[31m"))
    assert line.at == "10:00:00.123"
    assert "\n" not in line.text
    assert matches(line, "ORDER warn")
    assert not matches(line, "order fill")


def test_a_list_of_orders_names_a_database_that_takes_no_orders_before_the_venue() -> None:
    watch = ConnectionWatch()
    watch.take(status(storage_trouble="disk full"))
    assert watch.orders_note().text == "Storage: disk full. New orders are refused; cancels and exits go on."
    watch.take(status(storage_trouble="VIEW ONLY: line 7 was changed.", venue_state="DOWN"))
    assert watch.orders_note() == PanelNote("danger", "Nothing can be sent. VIEW ONLY: line 7 was changed.")
    watch.take(status(venue_state="DOWN"))
    assert watch.orders_note().text.startswith("Disconnected: as of ")
