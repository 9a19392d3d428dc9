"""Isolated runs with a real child: it trades like any other, has no secrets, and whatever it does it dies alone."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.helpers.core_rig import ACCOUNT
from tests.helpers.runner_rig import RunnerRig, RunStatus
from workstation.app.isolation import ChildProcess, isolated_host
from workstation.strategies.runs import Isolated, RunLine, RunOrder
from workstation.strategies.views import Policy

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="isolated runs need a POSIX system")

HEAD = """
from pathlib import Path
import os
from workstation.strategies.api import Strategy, StrategyParameters

class Own(Strategy):
    class Parameters(StrategyParameters):
        quantity: int = 10
        file: str = ""

    def on_start(self):
        self.quotes("ABC")
        self.log("begun")

    def state(self):
        return {"kept": 7}
"""
TRADE = """
    def on_quote(self, quote):
        print("noise that is no intent")
        self.buy("ABC", self.parameters.quantity, limit=quote.bid)
        self.show(at=quote.bid)
"""
RAISE = """
    def on_quote(self, quote):
        raise ValueError("no idea")
"""
LOOP = """
    def on_quote(self, quote):
        while True:
            pass
"""
EAT = """
    def on_quote(self, quote):
        self.eaten = []
        while True:
            self.eaten.append(bytearray(16 * 1024 * 1024))
"""
HOLD = """
    def on_quote(self, quote):
        self.held = b"x" * (64 * 1024 * 1024)
        self.show(held=len(self.held))
"""
SPY = """
    def on_quote(self, quote):
        names = sorted(os.environ)
        try:
            found = Path(self.parameters.file).read_text()
        except OSError as error:
            found = type(error).__name__
        try:
            Path("mine.txt").write_text("x")
            written = "written"
        except OSError as error:
            written = type(error).__name__
        self.show(names=",".join(names), found=found, written=written, cwd=os.getcwd())
"""
BOUNDS = """
    def on_quote(self, quote):
        import resource as r
        named = {"cpu": r.RLIMIT_CPU, "memory": r.RLIMIT_AS, "children": r.RLIMIT_NPROC}
        self.show(**{name: r.getrlimit(kind) for name, kind in named.items()})
"""
KEEPS = """
    from workstation.strategies.api import Policy
    policy = Policy.KEEP
    def on_quote(self, quote):
        self.buy("ABC", self.parameters.quantity, limit=quote.bid)
"""
CALL = """
    def on_quote(self, quote):
        import socket
        reached = []
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(socket.AF_INET, kind) as line:
                    line.connect(("127.0.0.1", self.parameters.quantity))
                    line.send(b"hush")
                reached.append("reached")
            except OSError as error:
                reached.append(type(error).__name__)
        self.show(reached=",".join(reached))
"""
STRANGER = """
    def on_quote(self, quote):
        self._door._account = "SIM-2"
        self.buy("ABC", 1, limit=quote.bid)
"""

MIB = 1024 * 1024
ANSWER_S = 0.02
"""Pause before a child is asked again where it stands: what it may write in all is bounded, its answers too."""


class Rig(RunnerRig):
    def __init__(self) -> None:
        super().__init__()
        self.runner._isolate = isolated_host

    def isolated(self, body: str, *, asked: Policy | None = None, cpu_s: int = 60, **parameters):
        code = Isolated(entry_point="own:Own", source=HEAD + body, parameters=parameters, memory_mb=1_024, cpu_s=cpu_s)
        order = RunOrder(
            run_id="R1", account=ACCOUNT, name="own", make=lambda door: None, policy=asked or Policy.CANCEL,
            isolated=code, code_hash="0" * 64, policy_is_asked=asked is not None,
        )  # fmt: skip
        run = self.runner.start(order)
        self.until(lambda: run.status.is_final or self.told("begun"))
        return run

    def told(self, words: str) -> list[str]:
        return [line.text for line in self.said(RunLine) if words in line.text]

    def child(self, run) -> ChildProcess:
        return run.thread._host._process


@pytest.fixture
def rig():
    made = Rig()
    yield made
    assert made.close() == []
    assert made.faults == []


def test_an_isolated_run_trades_as_one_in_the_program_does(rig):
    run = rig.isolated(TRADE, quantity=3)
    rig.quote(9_990, 10_000)
    rig.until(lambda: rig.working() and run.view.values)
    (order,) = rig.working()
    assert (order.cl_ord_id, order.terms.order_qty, order.terms.price) == ("R1-1", 3, 9_990)
    assert run.view.values == {"at": "99.9"}
    run.stop("enough")
    assert rig.ended(run) is RunStatus.STOPPED
    assert run.view.state == {"kept": 7}
    assert rig.working() == []


def test_one_that_stands_aside_says_what_it_remembers_and_leaves_its_order(rig):
    run = rig.isolated(TRADE, quantity=3)
    rig.quote(9_990, 10_000)
    rig.until(lambda: rig.working() and run.view.values)
    told = []
    run.hand_over(told.append)
    assert rig.ended(run) is RunStatus.REPLACED
    assert (told, run.view.state) == ([True], {"kept": 7})
    assert [order.cl_ord_id for order in rig.working()] == ["R1-1"]


def test_what_it_takes_of_the_memory_is_what_the_system_says_and_goes_with_it(rig):
    run = rig.isolated(HOLD)
    used, mapped = run.thread.memory()
    rig.quote(9_990, 10_000)
    rig.until(lambda: run.view.values)
    later_used, later_mapped = run.thread.memory()
    assert later_used - used > 60 * MIB
    assert later_mapped - mapped > 60 * MIB
    assert later_used < later_mapped < 1_024 * MIB, "the bound is on all that it maps"
    run.stop("enough")
    assert rig.ended(run) is RunStatus.STOPPED
    assert run.thread.join(20)
    assert run.thread.memory() is None


def test_a_parameter_that_does_not_fit_ends_it_with_the_reason(rig):
    run = rig.isolated(TRADE, quantity="many")
    assert rig.ended(run) is RunStatus.FAULTED
    assert "quantity" in run.view.reason


def test_what_it_raises_ends_it_with_its_traceback(rig):
    run = rig.isolated(RAISE)
    rig.quote(9_990, 10_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert "no idea" in run.view.reason
    assert "in on_quote" in run.view.traceback


def test_one_that_never_returns_is_ended_with_its_process(rig):
    run = rig.isolated(LOOP)
    rig.quote(9_990, 10_000)
    child = rig.child(run)
    while "on_quote" not in child.last_words():
        child.ask_where()
        assert not run.thread.join(ANSWER_S)
    rig.clock.advance(1_100_000_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert run.view.reason == "process: a callback did not return, and its process was ended by SIGKILL"
    assert "in on_quote" in run.view.traceback
    assert run.thread.join(20)
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_one_that_eats_memory_dies_alone(rig):
    run = rig.isolated(EAT)
    rig.quote(9_990, 10_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert "MemoryError" in run.view.reason


def test_its_memory_its_processor_time_and_what_it_may_write_are_bounded_by_the_system(rig):
    run = rig.isolated(BOUNDS, cpu_s=7)
    rig.quote(9_990, 10_000)
    rig.until(lambda: run.status.is_final or run.view.values)
    memory = 1_024 * MIB
    assert run.view.values == {"cpu": "(7, 8)", "memory": f"({memory}, {memory})", "children": "(0, 0)"}


def test_one_that_uses_up_its_processor_time_is_ended_by_the_system_and_its_run_says_so(rig):
    run = rig.isolated(LOOP, cpu_s=4)
    rig.quote(9_990, 10_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert run.view.reason == "process: its process was ended by SIGXCPU: its processor time is used up"


def test_a_process_that_is_killed_is_seen(rig):
    run = rig.isolated(TRADE)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    os.kill(rig.child(run).pid, signal.SIGKILL)
    rig.quote(9_991, 10_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert "SIGKILL" in run.view.reason
    assert rig.working() == []


def test_it_has_neither_the_environment_nor_the_files_of_the_user(rig, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    secret = tmp_path / "token"
    secret.write_text("hush")
    run = rig.isolated(SPY, file=str(secret))
    rig.quote(9_990, 10_000)
    rig.until(lambda: run.view.values or run.status.is_final)
    seen = run.view.values
    assert "SECRET_TOKEN" not in seen["names"]
    assert "HOME" not in seen["names"].split(",")
    assert Path(seen["cwd"]) != Path.cwd()
    if not rig.told("Landlock"):
        assert (seen["found"], seen["written"]) == ("PermissionError", "PermissionError")


@pytest.mark.parametrize(("asked", "left"), [(None, 1), (Policy.CANCEL, 0)])
def test_its_orders_end_as_its_code_declares_unless_whoever_runs_it_says_otherwise(rig, asked, left):
    run = rig.isolated(KEEPS, asked=asked)
    rig.quote(9_990, 10_000)
    rig.until(rig.working)
    assert run.view.policy is (asked or Policy.KEEP)
    run.stop("enough")
    assert rig.ended(run) is RunStatus.STOPPED
    assert len(rig.working()) == left


def test_it_reaches_nothing_over_the_network(rig):
    with socket.create_server(("127.0.0.1", 0)) as server:
        run = rig.isolated(CALL, quantity=server.getsockname()[1])
        rig.quote(9_990, 10_000)
        rig.until(lambda: run.view.values or run.status.is_final)
    if not rig.told("keeps no process from the network"):
        assert "reached" not in run.view.values["reached"].split(",")


def test_an_order_in_anothers_name_ends_it(rig):
    run = rig.isolated(STRANGER)
    rig.quote(9_990, 10_000)
    assert rig.ended(run) is RunStatus.FAULTED
    assert "not this run's" in run.view.reason
    assert rig.working() == []
