"""The page on connections, in the running product: links, differences that faults make, the commands of the vault."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import keyring
import msgspec
import pytest
from keyring.backends.fail import Keyring
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.flow.test_faults_by_hand import strike
from tests.flow.test_stale_and_disconnected import rest
from tests.helpers.guide_hand import open_by_menu, type_over
from tests.helpers.guide_pages import GuidePage
from tests.helpers.product_rig import ACCOUNT, Product, running
from workstation.__main__ import main
from workstation.app.awake import STOOD_STILL_NS
from workstation.commands.params import CancelOne, PlaceOrder
from workstation.config import vault
from workstation.config.secrets import use_vault
from workstation.desktop.panels.connections_panel import ConnectionsPanel
from workstation.desktop.panels.faults_panel import STATE, SWITCH, FaultsPanel
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, Side
from workstation.viewmodels.connections_view import CASH, KEPT_CANCEL, POSITION
from workstation.viewmodels.faults_view import FAULTS, GROUPS
from workstation.viewmodels.status_line import STALE_RED_MS

PAGE = GuidePage("connections")
DIFFERENCES = PAGE.rows("| difference | what can be done |")
LONG_S = 60
STARTER = "python3 packaging/bootstrap.py run "


class Hand:
    """A person before the connections panel, which the page's own menu opened."""

    def __init__(self, product: Product) -> None:
        self.product = product
        product.focus("AAPL")
        product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", "the account unlocked")
        self.panel = open_by_menu(product, PAGE.one("**{}** shows each venue's link"), ConnectionsPanel)
        product.wait(lambda: len(self.panel.rows.links), "the links")

    def link(self, name: str) -> str:
        """Return a link's row as shown, cells joined by a bar."""
        table = self.panel.rows.links
        rows = [table.row_at(place) for place in range(len(table))]
        return next((" | ".join(c.text(row) for c in table.columns) for row in rows if row.name == name), "")

    def choose(self, what: str) -> None:
        """Wait for a difference and select it."""
        table = self.panel.rows.differences

        def place() -> int | None:
            return next((n + 1 for n in range(len(table)) if table.row_at(n).what == what), None)

        found = self.product.wait(place, f"a difference of {what}")
        self.panel.differences.selectRow(found - 1)

    def reconcile(self) -> None:
        self.product.click(self.panel.reconcile)


@pytest.fixture
def hand(qtbot: QtBot, tmp_path: Path) -> Iterator[Hand]:
    with running(qtbot, tmp_path, "--set", "engine.freshness_ms=1000") as product:
        yield Hand(product)


def test_links_streams_accounts_and_buttons_are_those_of_the_page(hand: Hand) -> None:
    product, panel = hand.product, hand.panel
    PAGE.says(
        "each stream with the age of its oldest value and the instrument that it belongs to, order latency, and the"
    )
    for name in ("Feed sim", "Order latency", "Journal", "Clock offset"):
        assert any(hand.link(shown) for shown in (name, name.replace("sim", "SIM"))), name
    PAGE.says("*Requests* among the links says how many requests the venue would take now.")
    assert any("Requests" in panel.rows.links.row_at(place).name for place in range(len(panel.rows.links)))
    PAGE.says("equity, cash, the margin that positions bind, what is available and which share of equity is bound.")
    assert {"Equity", "Cash", "Margin used", "Available", "Bound", "Compared", "State"} <= {
        column.title for column in panel.rows.accounts.columns
    }
    PAGE.says(
        "**Reconcile now** compares the selected ones, or all. **Resubscribe** asks the feed again for every stream"
    )
    assert (panel.reconcile.text(), panel.renew.text()) == ("Reconcile now", "Resubscribe")
    hand.reconcile()
    product.wait_for_words(ACCOUNT)
    product.click(panel.renew)
    product.wait_for_words("stream")
    PAGE.says("**Copy diagnostics** copies the three tables as text, without secrets.")
    product.click(panel.diagnose)
    copied = QApplication.clipboard().text()
    assert re.findall(r"^(\w+)$", copied, re.MULTILINE) == ["Links", "Accounts", "Differences"]
    PAGE.says("**Disconnect** is pressed twice; with the first press it says what happens to working orders.")
    product.click(panel.disconnect_button)
    product.wait(panel.effects.isVisible, "the effects")
    assert "order" in panel.effects.text()
    assert product.state.status.venue_state == "UP"
    product.click(panel.disconnect_button)
    product.wait(lambda: product.state.status.venue_state != "UP", "the link down")
    PAGE.says("for half a minute or more")
    assert PAGE.figure("A program that stood still for {} a minute or more") * 60e9 == STOOD_STILL_NS


def test_a_link_that_is_up_while_prices_are_old_is_amber(hand: Hand) -> None:
    PAGE.says("A link that is up while its prices are old is amber: connected never stands for fresh.")
    status, rows = hand.product.state.status, hand.panel.rows.links
    assert status.feed_state == "UP"
    old = tuple(msgspec.structs.replace(stream, worst_age_ms=STALE_RED_MS) for stream in status.streams)
    hand.panel.rows.take_links(msgspec.structs.replace(status, streams=old))
    levels = {row.name.lower(): row.level for place in range(len(rows)) for row in [rows.row_at(place)]}
    assert levels["feed sim"] == "amber"


def test_each_difference_can_be_settled_as_its_row_says(hand: Hand) -> None:
    product, panel = hand.product, hand.panel
    assert list(DIFFERENCES) == [POSITION, CASH, KEPT_CANCEL]
    adopt, override = re.findall(r"\*\*([^*]+)\*\*", DIFFERENCES[POSITION])
    assert (panel.adopt.text(), panel.override.text()) == (adopt, override)
    for button, words, ours in ((panel.override, "it is mine", 0), (panel.adopt, "bought by telephone", 5)):
        product.fault("wrong_position", symbol="MSFT", qty=5 if not ours else 0)
        hand.reconcile()
        hand.choose(POSITION)
        if not ours:
            product.wait(lambda: product.state.accounts[ACCOUNT].lock == "LOCKED", "the account locked")
        assert not button.isEnabled()
        type_over(product, panel.reason, words)
        product.click(button)
        product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", f"the account open by {words}")
        product.wait(lambda ours=ours: product.position("MSFT") == ours, "our position")

    product.fault("wrong_cash", amount="250")
    hand.reconcile()
    hand.choose(CASH)
    assert DIFFERENCES[CASH] == "nothing: it stays listed until both agree, and locks no account"
    assert product.state.accounts[ACCOUNT].lock == "UNLOCKED"

    product.arm()
    working = rest(product)
    product.fault("disconnect", for_s=LONG_S)
    product.wait(lambda: product.state.status.venue_state != "UP", "the link down")
    product.command("order.cancel", CancelOne(cl_ord_id=working))
    hand.choose(KEPT_CANCEL)
    assert DIFFERENCES[KEPT_CANCEL] == "a cancel that goes out with the next session; **Withdraw** takes it back"
    product.click(panel.withdraw)
    product.wait(lambda: product.state.orders[working].cancel_requested_at is None, "the cancel withdrawn")


def test_a_share_split_keeps_cash_follows_the_quantity_and_calls_each_order_out(hand: Hand) -> None:
    product = hand.product
    PAGE.says("A **share split** that the venue reports is booked at once: the quantity follows, cash stays")
    product.arm()
    terms = OrderTerms(symbol="AAPL", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=10)
    assert product.command("order.submit", PlaceOrder(terms=terms)).ok
    product.wait(lambda: product.position("AAPL") == 10, "a position")
    working = rest(product)
    ledger = product.program.engine.core.state.ledger
    cash = product.on_engine(lambda: dict(ledger.cash(ACCOUNT)))
    product.fault("split", symbol="AAPL", qty=4)
    product.wait(lambda: product.position("AAPL") == 40, "the quantity")
    assert product.on_engine(lambda: dict(ledger.cash(ACCOUNT))) == cash
    PAGE.says("An order given before it names the old price: each is called out")
    board = product.desktop.workspace.toasts.board
    product.wait(lambda: any("AAPL split 4 for 1" in note.text for note in board.history), "the order called out")
    assert product.state.orders[working].terms.symbol == "AAPL"


def test_faults_are_switched_as_the_page_says_and_the_limit_of_requests_is_kept(hand: Hand) -> None:
    product = hand.product
    faults = open_by_menu(product, PAGE.one("**{}** holds a switch for each fault"), FaultsPanel)
    PAGE.says("holds a switch for each fault of the simulated exchange, grouped by what it hits.")
    assert faults.tree.topLevelItemCount() == len(GROUPS)
    assert faults.switches.keys() == FAULTS.keys()
    PAGE.says(
        "A fault waits armed for the message that it is about, as often as *Times* says; those marked *at once* strike"
    )
    assert faults.switches["disconnect"].text(STATE) == "at once"
    strike(product, faults, "reject", times="1")
    product.wait(lambda: faults.switches["reject"].text(STATE) == "armed", "armed")
    PAGE.says(
        "*Request limit* holds until it is off: so many requests as *Times* says within as many seconds as *Lasts*"
    )
    strike(product, faults, "request_limit", times="40", lasts="9")
    product.wait(lambda: faults.switches["request_limit"].text(STATE) == "armed", "a limit")
    links = hand.panel.rows.links
    product.show_panel(hand.panel.panel_id)
    hand.panel.ask()
    product.wait(
        lambda: any("40" in links.row_at(n).detail and "9 s" in links.row_at(n).detail for n in range(len(links))),
        "the limit among the links",
    )
    PAGE.says("A fault that is armed is switched off by its own switch, all of them by **All off**.")
    product.click(faults.all_off)
    product.wait(
        lambda: (
            {faults.switches[kind].checkState(SWITCH) for kind in ("reject", "request_limit")}
            == {Qt.CheckState.Unchecked}
        ),
        "all off",
    )
    product.arm()
    product.wait(lambda: product.state.orders.get(rest(product)), "an order that is not rejected")
    assert {order.status for order in product.state.orders.values()} <= {OrdStatus.SUBMITTED}


@pytest.fixture
def no_key_store() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)
    use_vault(None)


def test_the_vault_is_made_changed_and_named_by_the_commands_of_the_page(
    no_key_store: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = re.findall(r"^python3 packaging/bootstrap.py run vault .+$", PAGE.source, re.MULTILINE)
    create, passphrase, status = (shlex.split(line.removeprefix(STARTER)) for line in lines)
    least = int(PAGE.figure("asks for a passphrase of at least {} characters"))

    def said(words: list[str], *typed: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        code = main([*words, "--home", str(tmp_path)])
        told = capsys.readouterr()
        return code, told.out + told.err

    PAGE.says("Where there is no terminal, each line of standard input answers a question of `vault` and `mail`.")
    short = "x" * (least - 1)
    assert said(create, short, short)[0] != 0
    assert said(create, short + "y", short + "y")[0] == 0
    assert said(passphrase, short + "y", "battery staple", "battery staple")[0] == 0
    assert "vault" in said(status)[1]
    assert vault.WAIT_MAX_S == 60
    PAGE.says("the next is tried only after a second, then two, then four, up to a minute.")
