"""On a live account a run adds risk with a person's permit alone, for the code that was approved, and only so long."""

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT
from tests.helpers.run_desk_rig import PERSON, DeskRig
from tests.helpers.strategy_code import Buyer
from workstation.domain.accounts import Environment
from workstation.domain.events import AccountOpened, RecordSaved, TradingDayRolled
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import CancelOrder
from workstation.domain.records import LivePermit
from workstation.orders.fold import CoreState
from workstation.strategies.run_terms import StartRun
from workstation.strategies.runs import RunLine

NS = 1_000_000_000
FOREVER = 2**62


class Repeater(Buyer):
    """Buys at every quote, at another price each time."""

    def on_quote(self, quote):
        self.buy(quote.symbol, 10, limit=quote.ask)


class Edited(Repeater):
    """The same after an edit."""


class LiveRig(DeskRig):
    """A run desk whose one account trades LIVE and whose one strategy is approved with the code it has."""

    def __init__(self):
        super().__init__()
        account = msgspec.structs.replace(self.state.accounts[ACCOUNT], environment=Environment.LIVE)
        self.desk.recorder.record([AccountOpened(account=account, ts=2)])
        self.code.classes["hand:Buyer"] = Repeater
        self.change(is_approved=True, approved_code="repeater", paper_trading_only=False)
        self.asked = 10_000

    def change(self, **fields):
        before = self.runs.strategy("local", "S1")
        after = msgspec.structs.replace(before, **fields, row_version=before.row_version + 1)
        self.desk.recorder.record([RecordSaved(record=after, changed=tuple(fields), actor="pat", ts=3)])

    def permit(self, expires_at=FOREVER):
        self.change(live_permit=LivePermit(expires_at=expires_at))

    def tries(self, run_id):
        """Let the run ask for an order once more; returns its text where it was refused, else ''."""
        working, told = len(self.ordered(run_id)), len(self.refusals())
        self.asked += 1
        self.prices.quote("ABC", self.asked - 1, self.asked)
        self.quote(self.asked - 1, self.asked)
        self.until(lambda: len(self.ordered(run_id)) > working or len(self.refusals()) > told)
        return "" if len(self.ordered(run_id)) > working else self.refusals()[-1]

    def refusals(self):
        return [line.text for line in self.said(RunLine) if line.event_type == "REFUSED"]

    def begun(self):
        return [line.text for line in self.said(RunLine)].count("begun")


@pytest.fixture
def rig():
    made = LiveRig()
    yield made
    made.runner.close(20)


def begun(rig):
    run_id = rig.start()
    rig.until(rig.begun)
    return run_id


def test_without_a_permit_a_run_says_so_at_its_start_and_adds_nothing(rig):
    run_id = begun(rig)
    assert any(line.event_type == "PERMIT" and "No live permit" in line.text for line in rig.said(RunLine))
    assert "live permit" in rig.tries(run_id)
    assert rig.broker.calls == []


def test_with_a_permit_it_trades_until_that_has_run_out_or_is_taken_back(rig):
    rig.permit(rig.clock.now_ns() + 60 * NS)
    run_id = begun(rig)
    assert not [line for line in rig.said(RunLine) if line.event_type == "PERMIT"]
    assert rig.tries(run_id) == ""
    rig.clock.advance(61 * NS)
    assert "has one that has run out" in rig.tries(run_id)
    rig.permit()
    assert rig.tries(run_id) == ""
    rig.change(live_permit=None)
    assert "has none for LIVE" in rig.tries(run_id)


def test_a_permits_caps_bind_the_run(rig):
    rig.change(live_permit=LivePermit(expires_at=FOREVER, caps={"order_notional": "999"}))
    assert "live permit's order value" in rig.tries(begun(rig))


def test_approval_of_other_code_leaves_a_run_of_the_old_without_a_permit(rig):
    rig.permit()
    run_id = begun(rig)
    rig.change(approved_code="edited")
    assert "has none for LIVE" in rig.tries(run_id)


def test_reloaded_code_has_no_permit_until_a_person_grants_one(rig):
    rig.permit()
    run_id = begun(rig)
    assert rig.tries(run_id) == ""
    rig.code.classes["hand:Buyer"] = Edited
    rig.change(approved_code="edited")
    found, told = [], []
    run = rig.runs.run("local", run_id)
    rig.runs.prepare_reload(run, lambda code, _trouble: found.append(code))
    rig.runs.reload(run, found[0], "pat", told.append)
    rig.until(lambda: told and rig.begun() == 2)
    assert rig.runs.strategy("local", "S1").live_permit is None
    assert "has none for LIVE" in rig.tries(run_id)
    rig.permit()
    assert rig.tries(run_id) == ""


def test_code_that_nobody_approved_is_not_reloaded_there(rig):
    rig.permit()
    run_id = begun(rig)
    rig.code.classes["hand:Buyer"] = Edited
    found = []
    run = rig.runs.run("local", run_id)
    rig.runs.prepare_reload(run, lambda code, _trouble: found.append(code))
    with pytest.raises(Exception, match="has changed since it was approved"):
        rig.runs.reload(run, found[0], "pat", lambda _run: None)
    assert rig.kept(run_id).code_hash == "repeater"
    assert rig.tries(run_id) == ""


def test_a_start_wants_what_was_approved(rig):
    wanted = StartRun(strategy_id="S1", account=ACCOUNT, initial_capital="1000000.00", start_date="2026-01-05")
    rig.code.classes["hand:Buyer"] = Edited
    found = []
    rig.runs.prepare(wanted, lambda code, _trouble: found.append(code))
    with pytest.raises(Exception, match="has changed since it was approved"):
        rig.runs.start(wanted, found[0], PERSON)


def value_of(rig):
    """Return what the strategy has traded in the day and may still trade, in dollars."""
    return sum(amount for _, amount in rig.state.controls.day_values.of("S1")) / MONEY_ONE


def test_a_cap_on_the_day_counts_what_traded_and_what_still_works_of_every_run_of_the_strategy(rig):
    rig.change(live_permit=LivePermit(expires_at=FOREVER, caps={"day_notional": "2500"}))
    run_id = begun(rig)
    assert [rig.tries(run_id), rig.tries(run_id)] == ["", ""]
    first, second = rig.ordered(run_id)
    assert value_of(rig) == pytest.approx(10 * (100.01 + 100.02), abs=0.001)
    told = rig.tries(run_id)
    assert "live permit's value traded and working in the day" in told
    assert "3,000.60 USD; limit 2,500.00 USD" in told
    rig.desk.cancel(CancelOrder(cl_ord_id=first, origin=PERSON))
    rig.broker.cancelled(first)
    assert rig.tries(run_id) == "", "what was cancelled is free again"
    rig.broker.fill(second, 10, 10_002)
    assert "limit 2,500.00" in rig.tries(run_id), "what has traded is not"
    traded = rig.state.controls.day_values.dump()
    assert traded == [("S1", ACCOUNT, "USD", 100_020 * MONEY_ONE // 100)]
    rig.desk.recorder.record([TradingDayRolled(account=ACCOUNT, day="2026-01-06", ts=4)])
    assert rig.tries(run_id) == "", "another trading day begins"


def test_the_day_s_value_survives_a_restart(rig):
    rig.permit()
    run_id = begun(rig)
    assert [rig.tries(run_id), rig.tries(run_id)] == ["", ""]
    rig.broker.fill(rig.ordered(run_id)[0], 10, 10_001)
    again = CoreState(rig.state.instruments)
    again.load(rig.state.state())
    assert sorted(again.controls.day_values.of("S1")) == sorted(rig.state.controls.day_values.of("S1"))
    assert sum(amount for _, amount in again.controls.day_values.of("S1")) / MONEY_ONE == value_of(rig)


def test_an_exit_goes_out_whatever_the_caps_say(rig):
    rig.permit()
    run_id = begun(rig)
    assert rig.tries(run_id) == ""
    rig.broker.fill(rig.ordered(run_id)[0], 10, 10_001)
    rig.change(live_permit=LivePermit(expires_at=FOREVER, caps={"order_notional": "1", "day_notional": "1"}))
    calls = len(rig.broker.calls)
    rig.runner.run(run_id).leave("ABC", "for the test")
    assert len(rig.broker.calls) > calls
