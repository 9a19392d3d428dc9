"""What a run is given: a thread of its own, series of every kind at once, and timers in their time."""

import threading

import pytest

from tests.helpers.runner_rig import RunnerRig
from workstation.domain.market import Aggressor, Quote, Trade
from workstation.marketdata.intervals import series_of
from workstation.strategies.api import Strategy, StrategyParameters

SECOND = 1_000_000_000


@pytest.fixture
def rig():
    made = RunnerRig()
    yield made
    assert made.close() == []
    assert made.faults == []


def _idle(run):
    """Wait until the run's callback has returned: the virtual clock counts from where one begins."""
    while run.thread._since != 0:
        pass


class Located(Strategy):
    """Shows on which thread each of its callbacks runs."""

    def on_start(self):
        self.quotes("ABC")
        self.show(start=threading.get_ident())

    def on_quote(self, quote):
        self.show(quote=threading.get_ident())

    def on_stop(self):
        self.show(stop=threading.get_ident())


def test_a_run_has_one_thread_for_all_its_callbacks_and_no_other_run_has_it(rig):
    runs = [rig.run(Located, run_id) for run_id in ("R1", "R2")]
    rig.quote(9_990, 10_000)
    rig.until(lambda: all("quote" in run.view.values for run in runs))
    threads = []
    for run in runs:
        threads.append(run.thread._thread.ident)
        run.stop("enough")
        rig.ended(run)
        assert run.view.values == dict.fromkeys(("start", "quote", "stop"), str(threads[-1]))
    assert len({*threads, threading.get_ident()}) == 3


class Ticking(Strategy):
    """Has two timers, and ends the first of them at its second call."""

    def on_start(self):
        self.counts = {"quick": 0, "slow": 0}
        self.every(1, "quick")
        self.every(2, "slow")

    def on_timer(self, name):
        self.counts[name] += 1
        if self.counts["quick"] == 2:
            self.every(0, "quick")
        self.show(**self.counts)


def test_timers_come_in_their_time_until_they_are_ended_and_not_while_a_run_is_held(rig):
    run = rig.run(Ticking)

    def after(seconds, quick, slow):
        _idle(run)
        for _ in range(seconds):
            rig.clock.advance(SECOND)
        rig.until(lambda: run.view.values == {"quick": str(quick), "slow": str(slow)})

    after(1, 1, 0)
    after(1, 2, 1)
    after(2, 2, 2)
    _idle(run)
    run.pause()
    rig.clock.advance(4 * SECOND)
    assert len(run.thread.inbox) == 0
    run.resume()
    after(2, 2, 3)


KINDS = (
    "250ms", "1s", "2s:every", "4s:of-1s", "1m", "6t", "40v", "3kn", "3ti", "20vi", "2kni", "2tr", "12vr", "1knr",
    "4r", "2b", "1s:bid", "1s:ask", "3t:mid",
)  # fmt: skip
"""A series of each kind, some of quotes, one with empty bars, one composed of smaller ones."""


class Charting(Strategy):
    """Follows many series at once and shows of each how many bars came and what they closed at, added up."""

    class Parameters(StrategyParameters):
        """Which series."""

        intervals: tuple[str, ...] = KINDS

    def on_start(self):
        self.told = dict.fromkeys(self.parameters.intervals, (0, 0))
        for interval in self.parameters.intervals:
            self.bars("ABC", interval)

    def on_bar(self, bar):
        count, cents = self.told[bar.interval]
        self.told[bar.interval] = (count + 1, cents + round(bar.close * 100))
        self.show(**{bar.interval: self.told[bar.interval]})


def test_a_run_follows_series_of_every_kind_at_once(rig):
    run = rig.run(Charting)
    rig.until(lambda: len(rig.runner._series) == len(KINDS))
    rig.runner._watch.cancel()  # its clock runs ahead of the callbacks here
    price = 10_000
    for number in range(700):
        rig.clock.advance(SECOND // 10)
        price += (1, 1, -1, 2, -2, -1, 1)[number % 7] * (1 if number % 90 < 45 else -1)
        now, side = rig.clock.now_ns(), Aggressor.BUY if number % 5 < 3 else Aggressor.SELL
        rig.market.on_feed([
            Quote("ABC", price - 1, 100, price + 1, 100, now, now),
            Trade("ABC", price, 3 + number % 4, side, str(number), now, now),
        ])  # fmt: skip
    kept = {}
    for interval in KINDS:
        bars = rig.market.bars("ABC", series_of(interval, rig.state.instruments["ABC"]))
        kept[interval] = str((len(bars), int(bars.values[:, 3].sum())))
    rig.until(lambda: run.view.values == kept)
    assert run.view.dropped == 0
