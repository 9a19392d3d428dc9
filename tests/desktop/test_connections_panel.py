"""The connections panel: links with age, accounts, differences; connect, reconcile, adopt, override, withdraw."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, limit, order, status
from workstation.commands.params import AdoptPosition, OverrideLock, ReconcileAccount, WithdrawCancel
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.venues import VenueName
from workstation.desktop.panels.connections_panel import ConnectionsPanel
from workstation.domain.accounts import Environment, LockState
from workstation.domain.events import BreakFound
from workstation.domain.instruments import AssetClass
from workstation.domain.market import StreamKind
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdType, Residence, Side
from workstation.ports.broker import AccountRights, RequestLimit, SessionState, VenueStanding
from workstation.ports.venue_board import AccountLine, KeptLink, VenueBoard, VenueLine
from workstation.viewmodels.connections_view import account_style, link_style
from workstation.viewmodels.formats import exact_time
from workstation.viewmodels.frames import AccountSnap, StreamSnap
from workstation.viewmodels.venue_standing import LinkLine

SHORT = BreakFound(account="SIM-1", symbol="AAPL", ours=100, theirs=80, resolution="open", ts=START_NS)
CASH = BreakFound(
    account="SIM-1", symbol="", ours=5 * MONEY_ONE, theirs=7 * MONEY_ONE, resolution="open", ts=START_NS, currency="USD"
)

RIGHTS = AccountRights(classes=frozenset(AssetClass), may_short=True, margin_rate_bps=2_500)


def board(
    rig: DesktopRig, *breaks: BreakFound, lock: LockState = LockState.UNLOCKED, session: SessionState = SessionState.UP
) -> CommandResult:
    line = AccountLine(account=rig.account, lock=lock, reason="agrees", since=START_NS, overridden=False, breaks=breaks)
    venue = VenueLine(
        venue="SIM", session=session, dated="2024-01-01", cancels_on_disconnect=False, query_complete=True
    )
    return CommandResult(ok=True, text="", data=VenueBoard(venues=(venue,), accounts=(line,)))


@pytest.fixture
def rig(qapp):
    made = DesktopRig()
    made.gateway.answers["venue.board"] = board(made)
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = ConnectionsPanel(rig.context, "connections-1")
    qtbot.addWidget(made)
    made.resize(1_100, 500)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    rig.bridge._on_answered()
    yield made
    made.release()


def show(panel: ConnectionsPanel, rig: DesktopRig, answer: CommandResult) -> None:
    rig.gateway.answers["venue.board"] = answer
    panel.ask()
    rig.bridge._on_answered()


def cells(view, row: int) -> list[str]:
    return [column.text(view.columns.row_at(row)) for column in view.columns.table.columns]


def test_the_models_keep_the_rules_of_qt(panel: ConnectionsPanel, qtmodeltester) -> None:
    for view in (panel.links, panel.accounts, panel.differences):
        qtmodeltester.check(view.columns)


def test_a_connected_venue_with_old_prices_is_amber_and_names_the_stream(
    panel: ConnectionsPanel, rig: DesktopRig
) -> None:
    old = StreamSnap(
        stream=StreamKind.QUOTES,
        state="UP",
        worst_age_ms=9_000,
        worst_symbol="MSFT",
        updates_per_s=0.0,
        usual_ms=250,
    )
    rig.feed(status=status(streams=(old,)))
    venue = panel.rows.links.get("Venue SIM")
    assert (venue.state, venue.level) == ("UP", "amber")
    assert venue.detail.endswith("not fresh: quotes")
    quotes = panel.rows.links.get("Stream quotes")
    assert (quotes.state, quotes.level) == ("STALE", "amber")
    assert (quotes.age_ms, quotes.detail) == (9_000, "oldest: MSFT, usually every 250 ms")


@pytest.mark.parametrize(("state", "level"), [("UP", "ok"), ("DOWN", "red"), ("UNSYNCED", "red"), ("", "muted")])
def test_a_stream_that_is_not_up_is_never_green(
    panel: ConnectionsPanel, rig: DesktopRig, state: str, level: str
) -> None:
    snap = StreamSnap(stream=StreamKind.QUOTES, state=state, worst_age_ms=40, worst_symbol="", updates_per_s=9.0)
    rig.feed(status=status(streams=(snap,)))
    assert panel.rows.links.get("Stream quotes").level == level


def test_differences_stand_in_words_of_their_scale(panel: ConnectionsPanel, rig: DesktopRig) -> None:
    show(panel, rig, board(rig, SHORT, CASH))
    assert cells(panel.differences, 0)[:5] == ["SIM-1", "position", "AAPL", "100", "80"]
    assert cells(panel.differences, 1)[:5] == ["SIM-1", "cash", "USD", "5.00", "7.00"]
    show(panel, rig, board(rig, CASH))
    assert [row.what for row in (panel.rows.differences.row_at(0),)] == ["cash"]
    assert len(panel.rows.differences) == 1


def test_a_position_is_adopted_with_typed_words_only(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    show(panel, rig, board(rig, SHORT))
    panel.differences.selectRow(0)
    assert not panel.adopt.isEnabled()
    qtbot.keyClicks(panel.reason, "venue is right")
    qtbot.mouseClick(panel.adopt, Qt.MouseButton.LeftButton)
    wish = AdoptPosition(account="SIM-1", symbol="AAPL", reason="venue is right")
    assert rig.gateway.of("position.adopt") == [wish]


def test_a_locked_account_is_named_and_overridden_with_words(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    show(panel, rig, board(rig, SHORT, lock=LockState.LOCKED))
    assert panel.note.text().startswith("SIM-1 LOCKED: agrees.")
    assert not panel.override.isEnabled()
    qtbot.keyClicks(panel.reason, "I looked")
    qtbot.mouseClick(panel.override, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("account.unlock") == [OverrideLock(account="SIM-1", reason="I looked")]


def test_a_kept_cancel_is_listed_and_withdrawn(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("A", cancel_requested_at=START_NS))
    assert cells(panel.differences, 0)[1:3] == ["kept cancel", "BUY AAPL"]
    panel.differences.selectRow(0)
    qtbot.mouseClick(panel.withdraw, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("order.withdraw_cancel") == [WithdrawCancel(cl_ord_id="A")]


def test_reconcile_asks_for_all_accounts_where_none_is_chosen(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    qtbot.mouseClick(panel.reconcile, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("account.reconcile") == [ReconcileAccount(account="SIM-1")]


def test_disconnecting_says_its_effects_and_takes_two_presses(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(order("A"))
    assert panel.effects.text().startswith("Disconnecting: 1 working orders stay at the venue;")
    assert not panel.effects.isVisible()
    qtbot.mouseClick(panel.disconnect_button, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("venue.disconnect") == []
    assert panel.effects.isVisible()
    qtbot.mouseClick(panel.disconnect_button, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("venue.disconnect") == [VenueName(venue="SIM")]


def test_connect_is_offered_when_a_link_is_down(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    assert not panel.connect_button.isEnabled()
    show(panel, rig, board(rig, session=SessionState.DOWN))
    qtbot.mouseClick(panel.connect_button, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("venue.connect") == [VenueName(venue="SIM")]


def test_a_venue_that_is_down_is_not_said_to_agree(panel: ConnectionsPanel, rig: DesktopRig) -> None:
    assert panel.differences._empty[0] == "Book and venue agree"
    show(panel, rig, board(rig, session=SessionState.DOWN))
    assert panel.differences._empty[0] == "Not compared: SIM is DOWN"


def test_a_refusal_stays_in_the_panel(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["account.reconcile"] = CommandResult(ok=False, code="X", text="Refused: the venue is down.")
    qtbot.mouseClick(panel.reconcile, Qt.MouseButton.LeftButton)
    rig.bridge._on_answered()
    assert panel.note.text() == "Refused: the venue is down."


def test_diagnostics_are_the_tables_as_text(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(status=status())
    qtbot.mouseClick(panel.diagnose, Qt.MouseButton.LeftButton)
    text = QApplication.clipboard().text()
    assert "Link=Venue SIM  State=UP" in text
    assert "Account=SIM-1" in text


def test_without_an_answer_the_tables_say_what_they_wait_for(rig: DesktopRig, qtbot) -> None:
    del rig.gateway.answers["venue.board"]
    panel = ConnectionsPanel(rig.context, "connections-2")
    qtbot.addWidget(panel)
    assert panel.accounts._empty[0] == "Loading links and accounts…"
    assert panel.differences._empty[0] == "Loading links and accounts…"
    panel.release()


def test_connections_that_are_kept_and_not_used_stand_below_the_links_until_they_go(panel, rig):
    answer = board(rig)
    kept = KeptLink(broker="House", name="main", kind="FIX", is_active=True)
    show(panel, rig, CommandResult(ok=True, text="", data=msgspec.structs.replace(answer.data, kept=(kept,))))
    rig.feed(status=status(now_ns=START_NS))
    lines = {line.name: line for line in map(panel.rows.links.row_at, range(len(panel.rows.links)))}
    assert (lines["House / main"].state, lines["House / main"].level) == ("NOT USED", "muted")
    assert lines["House / main"].detail == "FIX connection; this run trades elsewhere"
    show(panel, rig, answer)
    rig.feed(status=status(now_ns=START_NS))
    names = [panel.rows.links.row_at(place).name for place in range(len(panel.rows.links))]
    assert "House / main" not in names
    assert "Venue SIM" in names


@pytest.mark.parametrize(
    ("offset_ns", "state", "ink"),
    [(None, "no data yet", "text_muted"), (3_000_000, "+3 ms", "buy"), (-3_000_000_000, "−3,000 ms OFF", "danger")],
)
def test_the_clock_of_the_feed_stands_among_the_links(
    panel: ConnectionsPanel, rig: DesktopRig, offset_ns: int | None, state: str, ink: str
) -> None:
    rig.feed(status=status(clock_offset_ns=offset_ns))
    links = panel.rows.links
    line = next(row for row in map(links.row_at, range(len(links))) if row.name == "Clock offset")
    assert line.state == state
    assert link_style(line).cells["state"].ink == ink


def test_every_stream_is_asked_for_again_by_one_button(panel: ConnectionsPanel, rig: DesktopRig, qtbot) -> None:
    qtbot.mouseClick(panel.renew, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("market.resubscribe") == [NoParams()]


def test_an_account_says_what_its_positions_bind(panel: ConnectionsPanel, rig: DesktopRig) -> None:
    snap = AccountSnap(
        account="SIM-1", environment=Environment.SIM, venue="SIM", currency="USD", cash=0, equity=8_000 * MONEY_ONE,
        buying_power=1, realised=0, unrealised=0, fees=0, net=0, drawdown=0, day_limit=None, unpriced=(),
        lock=LockState.UNLOCKED, lock_reason="", lockout="", margin_used=2_000 * MONEY_ONE,
    )  # fmt: skip
    rig.feed(accounts=[snap])
    shown = dict(zip((c.name for c in panel.accounts.columns.table.columns), cells(panel.accounts, 0), strict=True))
    assert (shown["margin_used"], shown["ratio"]) == ("2,000.00", "25.0%")
    rig.feed(accounts=[msgspec.structs.replace(snap, margin_used=None)])
    shown = dict(zip((c.name for c in panel.accounts.columns.table.columns), cells(panel.accounts, 0), strict=True))
    assert (shown["margin_used"], shown["ratio"]) == ("—", "—")


MIDNIGHT = START_NS + 3 * 3_600 * SECOND


def said(panel: ConnectionsPanel, rig: DesktopRig, **standing: object) -> dict[str, LinkLine]:
    answer = board(rig)
    venue = msgspec.structs.replace(answer.data.venues[0], standing=VenueStanding(**standing))
    show(panel, rig, CommandResult(ok=True, text="", data=msgspec.structs.replace(answer.data, venues=(venue,))))
    rig.feed(status=status(now_ns=START_NS))
    return {line.name: line for line in map(panel.rows.links.row_at, range(len(panel.rows.links)))}


@pytest.mark.parametrize(
    ("standing", "state", "level"),
    [
        ({}, "not told", "muted"),
        ({"limits_requests": False}, "no limit", "ok"),
        ({"limits_requests": True}, "limited", "muted"),
        ({"limits_requests": True, "requests_left": 1_200}, "1,200 left", "ok"),
        ({"limits_requests": True, "requests_left": 0}, "0 left", "amber"),
    ],
)
def test_the_requests_that_are_left_are_what_the_venue_says(panel, rig, standing, state: str, level: str) -> None:
    line = said(panel, rig, **standing)["Requests SIM"]
    assert (line.state, line.level) == (state, level)


@pytest.mark.parametrize(("left", "level"), [(4, "ok"), (2, "amber"), (0, "amber")])
def test_a_paced_venue_says_its_limit_what_is_kept_for_cancels_and_what_waits(
    panel, rig, left: int, level: str
) -> None:
    limits = {"limits_requests": True, "request_limit": RequestLimit(20, SECOND), "requests_kept": 2}
    line = said(panel, rig, requests_left=left, requests_waiting=7, **limits)["Requests SIM"]
    assert (line.state, line.level) == (f"{left} left", level)
    assert line.detail == "takes 20 in 1 s; the last 2 kept for cancels and exits; 7 wait for their turn"
    idle = said(panel, rig, requests_left=left, **limits)["Requests SIM"]
    assert idle.detail.endswith("; none waits")


def test_the_next_reset_is_the_venues_own_word_and_what_it_does(panel: ConnectionsPanel, rig: DesktopRig) -> None:
    assert said(panel, rig)["Next reset SIM"].state == "not told"
    line = said(panel, rig, next_reset=MIDNIGHT, reset="its day ends")["Next reset SIM"]
    assert (line.state, line.detail) == ("in 3 h", f"{exact_time(MIDNIGHT)[:16].replace('T', ' ')} UTC: its day ends")
    never = said(panel, rig, reset="never")["Next reset SIM"]
    assert (never.state, never.detail) == ("none", "never")


def test_a_venue_in_maintenance_says_when_it_is_back(panel: ConnectionsPanel, rig: DesktopRig) -> None:
    answer = board(rig, session=SessionState.MAINTENANCE)
    standing = VenueStanding(back_at=START_NS + 90 * SECOND)
    venue = msgspec.structs.replace(answer.data.venues[0], standing=standing)
    show(panel, rig, CommandResult(ok=True, text="", data=msgspec.structs.replace(answer.data, venues=(venue,))))
    rig.feed(status=status(now_ns=START_NS))
    line = panel.rows.links.get("Venue SIM")
    assert (line.state, line.level) == ("MAINTENANCE", "red")
    assert line.detail.endswith("UTC, in 90 s")


@pytest.mark.parametrize(("cancels", "state", "verb"), [(False, "KEPT", "stay"), (True, "CANCELLED", "are cancelled")])
def test_what_becomes_of_orders_without_the_link_is_said_with_how_that_is_known(
    panel: ConnectionsPanel, rig: DesktopRig, cancels: bool, state: str, verb: str
) -> None:
    here = order(
        "B", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600), residence=Residence.PROGRAM,
        link=GroupLink("G", Contingency.BRACKET, LegRole.STOP_LOSS, "P"),
    )  # fmt: skip
    rig.feed(order("A"), here)
    answer = board(rig)
    venue = msgspec.structs.replace(answer.data.venues[0], cancels_on_disconnect=cancels)
    show(panel, rig, CommandResult(ok=True, text="", data=msgspec.structs.replace(answer.data, venues=(venue,))))
    rig.feed(status=status(now_ns=START_NS))
    line = panel.rows.links.get("If it ends SIM")
    assert (line.state, line.level) == (state, "amber")
    assert line.detail.startswith(f"1 working orders {verb}")
    assert "1 held on this PC, 1 of them protection cannot be sent" in line.detail
    assert line.detail.endswith("its card says so, it was not tried")


@pytest.mark.parametrize(
    ("rights", "barred", "words", "ink"),
    [
        (None, (), "not told by the venue", "warning"),
        (RIGHTS, (), "all kinds · long and short · margin 25 %", None),
        (
            msgspec.structs.replace(RIGHTS, classes=frozenset({AssetClass.STOCK}), margin_rate_bps=10_000),
            (AssetClass.OPTION,),
            "stock · long and short · paid in full · off here: option",
            "warning",
        ),
        (msgspec.structs.replace(RIGHTS, may_short=False), (), "all kinds · long only · margin 25 %", None),
    ],
)
def test_an_account_says_what_the_venue_lets_it_do(panel, rig, *, rights, barred, words: str, ink: str | None) -> None:
    answer = board(rig)
    line = msgspec.structs.replace(answer.data.accounts[0], rights=rights, barred=frozenset(barred))
    show(panel, rig, CommandResult(ok=True, text="", data=msgspec.structs.replace(answer.data, accounts=(line,))))
    shown = dict(zip((c.name for c in panel.accounts.columns.table.columns), cells(panel.accounts, 0), strict=True))
    assert shown["permissions"] == words
    found = account_style(panel.accounts.columns.row_at(0)).cells.get("permissions")
    assert (None if found is None else found.ink) == ink
