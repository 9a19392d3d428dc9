"""A replay of a real capture: quotes and depth move, a paper order fills, and everything says REPLAY."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.market import real_data
from tests.helpers.product_rig import Product, running
from workstation.commands.params import Arm, ReplayControl, SwitchFault
from workstation.domain.accounts import Environment
from workstation.domain.orders import OrdStatus

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


@pytest.mark.parametrize("text", ["replay:", "replay:nothing-here.gz", "elsewhere"])
def test_a_feed_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(tmp_path), "--feed", text]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode in (1, 2)
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""
