"""A replay of a real capture: quotes and depth move, a paper order fills, and everything says REPLAY."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.market import real_data
from tests.helpers.product_rig import Product, product_options, running
from workstation.app.bootstrap import Program
from workstation.commands.params import Arm, BarsRequest, ReplayControl, SwitchFault
from workstation.domain.accounts import Environment
from workstation.domain.errors import UserError
from workstation.domain.market import BarKind, BarType
from workstation.domain.orders import OrdStatus
from workstation.kernel.logs import RecentLog
from workstation.risk.duplicates import DUPLICATE_WINDOW_NS

CAPTURE = "usdm_btcusdt_20240808.gz"


def take_by_key(product: Product) -> None:
    product.arm()
    product.press(Qt.Key.Key_F2)


def test_a_replay_trades_on_paper_and_says_what_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    capture = real_data(CAPTURE)
    with running(qtbot, tmp_path, "--no-api", "--feed", f"replay:{capture}", "--speed", "20") as product:
        session = product.context.bridge.session
        (symbol,) = session.instruments
        (account,) = session.accounts
        assert session.environment is account.environment is Environment.REPLAY
        product.quoting(symbol)
        product.wait(lambda: product.state.depths.get(symbol) and product.state.depths[symbol].bids, "depth")
        first = product.state.quotes[symbol]
        product.wait(lambda: product.state.quotes[symbol] != first, "a quote that moves")

        take_by_key(product)
        order = product.wait_for_order(lambda o: o.status is OrdStatus.FILLED, "a paper fill")
        assert order.terms.account == account.account
        product.wait(lambda: product.rows("fills-1"), "the fill in its panel")
        product.press(Qt.Key.Key_F9)
        product.wait(
            lambda: (snap := product.state.position(account.account, symbol)) and snap.position.qty == 0, "flat"
        )

        assert "REPLAY" in product.window.windowTitle()
        assert "REPLAY" in product.window.top_bar.account.text()
        assert "REPLAY" in product.window.top_bar.arm.text()
        assert product.find(QWidget, "dock_holder").property("environment") == "replay"
        assert product.state.status.environment is Environment.REPLAY
        assert {snap.environment for snap in product.state.accounts.values()} == {Environment.REPLAY}


def test_a_replay_can_be_neither_armed_for_another_environment_nor_faulted(qtbot: QtBot, tmp_path: Path) -> None:
    capture = real_data(CAPTURE)
    with running(qtbot, tmp_path, "--no-api", "--feed", f"replay:{capture}", "--speed", "5") as product:
        for environment in (Environment.SIM, Environment.LIVE):
            assert not product.command("risk.arm", Arm(environment=environment)).ok
        assert not product.command("venue.fault", SwitchFault(kind="freeze")).ok
        assert product.command("venue.replay", ReplayControl(action="pause")).ok
        product.wait(lambda: product.state.status.replay_paused, "a paused replay in the bar")


def test_after_a_restart_paper_orders_fill_again_and_later_than_before(qtbot: QtBot, tmp_path: Path) -> None:
    capture = real_data(CAPTURE)
    with running(qtbot, tmp_path, "--no-api", "--feed", f"replay:{capture}", "--speed", "20") as product:
        (symbol,) = product.context.bridge.session.instruments
        product.quoting(symbol)
        take_by_key(product)
        first = product.wait_for_order(lambda o: o.status is OrdStatus.FILLED, "a paper fill")
        filled_mono_ns = time.monotonic_ns()
        before_ns = product.on_engine(product.program.venue.now_ns)
        assert product.command("venue.replay", ReplayControl(action="restart")).ok
        product.wait(lambda: product.on_engine(product.program.venue.now_ns) > before_ns, "market time that goes on")
        product.quoting(symbol)
        product.wait(
            lambda: time.monotonic_ns() > filled_mono_ns + DUPLICATE_WINDOW_NS, "a second press that is no duplicate"
        )
        product.press(Qt.Key.Key_F2)
        second = product.wait_for_order(
            lambda o: o.status is OrdStatus.FILLED and o.cl_ord_id != first.cl_ord_id, "a fill in the second round"
        )
        filled_at = {row.cl_ord_id: row.ts_event for row in product.state.executions}
        assert filled_at[second.cl_ord_id] > before_ns >= filled_at[first.cl_ord_id]


def test_a_chart_opened_in_the_middle_begins_with_what_was_played(qtbot: QtBot, tmp_path: Path) -> None:
    capture = real_data(CAPTURE)
    with running(qtbot, tmp_path, "--no-api", "--feed", f"replay:{capture}", "--speed", "50") as product:
        (symbol,) = product.context.bridge.session.instruments
        venue = product.program.venue
        began = product.on_engine(venue.now_ns)
        product.wait(lambda: product.on_engine(venue.now_ns) > began + 30 * 10**9, "half a minute of the recording")
        request = BarsRequest(symbol=symbol, bar_type=BarType(BarKind.SECOND, 5), count=100)
        bars = product.command("market.bars", request).data
        assert len(bars.ts_open) >= 4
        assert bars.ts_open[0] <= began < bars.ts_open[-1]
        assert (bars.ohlcv[:, 4] > 0).all()


@pytest.mark.parametrize("text", ["replay:", "replay:nothing-here.gz", "elsewhere"])
def test_a_feed_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(tmp_path), "--feed", text]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode in (1, 2)
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


def test_a_feed_that_is_none_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(UserError, match="elsewhere"):
        Program(product_options(tmp_path / "home", "--feed", "elsewhere"), RecentLog())
    assert set(threading.enumerate()) <= before
