"""Kernel: virtual time, mailboxes, bus, rates, ids, supervised tasks, redacted logs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from workstation.kernel import logs
from workstation.kernel.bus import Bus
from workstation.kernel.clock import SystemClock, Timer, VirtualClock
from workstation.kernel.ids import IdSource, stable_uid, sub_stream
from workstation.kernel.logs import configure_logging, get_logger
from workstation.kernel.mailbox import Mailbox, MailboxFull
from workstation.kernel.supervisor import RESTARTS_MAX, TaskSupervisor
from workstation.kernel.throttle import RateWindow

SECOND = 1_000_000_000


def test_calls_due_at_one_instant_run_in_the_order_of_scheduling() -> None:
    clock, ran = VirtualClock(), list[str]()
    clock.call_later(5, lambda: ran.append("late"))
    clock.call_later(3, lambda: ran.append("a"))
    clock.call_later(3, lambda: ran.append("b"))
    cancelled = clock.call_later(3, lambda: ran.append("never"))
    cancelled.cancel()
    clock.advance(4)
    assert ran == ["a", "b"]
    assert clock.next_due == 5
    clock.advance(1)
    assert ran == ["a", "b", "late"]


def test_a_call_that_schedules_another_within_the_stretch_sees_it_run() -> None:
    clock, seen = VirtualClock(100), list[int]()
    clock.call_later(2, lambda: clock.call_later(2, lambda: seen.append(clock.now_ns())))
    clock.advance(10)
    assert seen == [104]
    assert (clock.now_ns(), clock.mono_ns()) == (110, 10)


def test_wall_time_may_jump_and_timers_do_not_care() -> None:
    clock, ran = VirtualClock(), list[bool]()
    clock.call_later(10, lambda: ran.append(True))
    clock.jump_wall(-3_600 * SECOND)
    clock.advance(10)
    assert ran == [True]


def test_a_burst_wakes_the_reader_once() -> None:
    woken = list[bool]()
    box: Mailbox[int] = Mailbox(10, lambda: woken.append(True))
    for number in range(5):
        box.put(number)
    assert len(woken) == 1
    assert box.drain(3) == [0, 1, 2]
    assert len(woken) == 2
    assert box.drain(3) == [3, 4]
    assert not len(box)


def test_urgent_messages_overtake_and_ignore_the_bound() -> None:
    box: Mailbox[str] = Mailbox(1, lambda: None)
    box.put("order")
    with pytest.raises(MailboxFull):
        box.put("one too many")
    box.put("cancel 1", urgent=True)
    box.put("cancel 2", urgent=True)
    assert box.drain(9) == ["cancel 1", "cancel 2", "order"]


def test_a_failing_handler_is_reported_and_the_others_run() -> None:
    faults, heard = list[str](), list[int]()
    bus = Bus(lambda message, error: faults.append(f"{message}: {error}"))

    def fails(_message: int) -> None:
        raise ValueError("broken")

    bus.subscribe(int, fails)
    end = bus.subscribe(int, heard.append)
    bus.publish(7)
    end()
    bus.publish(8)
    assert heard == [7]
    assert faults == ["7: broken", "8: broken"]
    assert isinstance(bus.guard("x", lambda: fails(1)), ValueError)
    assert bus.guard("x", lambda: None) is None


def test_a_window_forgets_what_is_older_than_its_span() -> None:
    window = RateWindow(3, SECOND)
    for at in (0, 1, 2):
        window.hit(at)
    assert window.used(2) == 3
    assert window.used(SECOND + 1) == 1


def test_one_seed_gives_one_series_of_ids() -> None:
    first, again = IdSource(7), IdSource(7)
    assert [first.cl_ord_id() for _ in range(3)] == [again.cl_ord_id() for _ in range(3)]
    assert IdSource().uid() != IdSource().uid()
    assert stable_uid("a", "b") == stable_uid("a", "b") != stable_uid("ab", "")


def test_streams_of_one_seed_are_independent_of_each_other() -> None:
    alone = sub_stream(1, "a").random()
    sub_stream(1, "b").random()
    assert sub_stream(1, "a").random() == alone != sub_stream(1, "b").random()


def test_a_task_that_keeps_failing_is_given_up_visibly(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bool] = []
    monkeypatch.setattr("workstation.kernel.supervisor.BACKOFF_FIRST_S", 0.0)

    async def run() -> None:
        given_up = asyncio.Event()

        def on_fault(_name: str, _error: BaseException, last: bool) -> None:
            heard.append(last)
            if last:
                given_up.set()

        supervisor = TaskSupervisor(on_fault)

        async def fails() -> None:
            raise ValueError("again")

        supervisor.start("t", fails)
        await given_up.wait()
        await supervisor.stop()

    asyncio.run(run())
    assert heard == [False] * RESTARTS_MAX + [True]


def test_secrets_never_reach_the_log_and_a_text_cannot_forge_a_line(tmp_path: Path) -> None:
    recent = configure_logging(tmp_path)
    secret = "oms_" + "a" * 64
    get_logger("test").info("order", note=f"x\n{{'event': 'forged'}} \x1b[31m {secret}", api_token="t0p", reason="ok")
    configure_logging(None)
    text = (tmp_path / "workstation.log").read_text()
    assert text.count("\n") == 1
    assert secret not in text
    assert "t0p" not in text
    assert "\x1b" not in text
    assert recent.lines[-1].event == "order"


def test_a_log_that_is_full_is_turned_over_and_all_of_them_together_stay_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, kept = 4_096, 2
    monkeypatch.setattr(logs, "LOG_FILE_BYTES_MAX", most)
    monkeypatch.setattr(logs, "LOG_FILES_KEPT", kept)
    configure_logging(tmp_path)
    for number in range(400):
        get_logger("test").info("line", number=number, text="x" * 100)
    configure_logging(None)
    files = sorted(tmp_path.iterdir())
    assert len(files) == kept + 1
    assert all(file.stat().st_size <= most for file in files)
    newest = (tmp_path / "workstation.log").read_text().splitlines()[-1]
    assert '"number": 399' in newest, "the newest line is the last"


def test_a_subscription_that_ended_hears_nothing_more_and_may_end_twice() -> None:
    heard: list[object] = []
    bus = Bus(lambda _message, error: pytest.fail(str(error)))
    end = bus.subscribe(int, heard.append)
    bus.subscribe(object, heard.append)
    bus.publish_all((1, "a"))
    end()
    end()
    bus.publish(2)
    assert heard == [1, 1, "a", 2]


def test_a_running_task_is_not_started_twice_and_stops_on_demand() -> None:
    started: list[str] = []

    async def run() -> None:
        supervisor, begun = TaskSupervisor(lambda *_: None), asyncio.Event()

        async def waits() -> None:
            started.append("waits")
            begun.set()
            await asyncio.Event().wait()

        async def ends() -> None:
            started.append("ends")

        supervisor.start("a", waits)
        supervisor.start("a", waits)
        supervisor.start("b", ends)
        await begun.wait()
        await supervisor.stop()

    asyncio.run(run())
    assert started == ["waits", "ends"]


def test_the_machines_clocks_run_forward() -> None:
    clock = SystemClock()
    before = clock.now_ns(), clock.mono_ns()
    assert clock.now_ns() >= before[0] > 0
    assert clock.mono_ns() >= before[1] > 0


def test_a_call_cancelled_by_one_due_at_the_same_instant_does_not_run() -> None:
    clock, ran = VirtualClock(), list[str]()
    later: list[Timer] = []

    def cancels() -> None:
        for timer in later:
            timer.cancel()

    clock.call_later(1, cancels)
    later.append(clock.call_later(1, lambda: ran.append("never")))
    clock.advance(2)
    assert ran == []
