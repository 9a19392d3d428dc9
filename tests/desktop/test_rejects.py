"""Rejects are one count: top bar and every blotter say the same, one look settles all, a restart brings none back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import SECOND, START_NS, DesktopRig, order, status
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.shell.rejects_store import RejectsStore
from workstation.desktop.shell.top_bar import TopBar
from workstation.domain.orders import OrderState, OrdStatus
from workstation.viewmodels.rejects import RejectWatch


def refused(cl_ord_id: str, state: OrdStatus = OrdStatus.REJECTED, *, at: int = 1) -> OrderState:
    return order(cl_ord_id, state=state, updated_at=START_NS + at * SECOND)


def test_top_bar_and_blotters_count_the_same_rejects_and_one_look_settles_all(rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(refused("OMS-1"), refused("OMS-2", OrdStatus.RISK_REJECTED))
    early = OrdersPanel(rig.context, "orders-1")
    bar = TopBar(rig.context)
    qtbot.addWidget(early)
    qtbot.addWidget(bar)
    rig.feed(refused("OMS-3"), status=status(now_ns=START_NS))
    rig.feed(refused("OMS-4"))
    late = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(late)
    assert [bar.rejects.text(), early.rejects.text(), late.rejects.text()] == [
        "4 REJECTS",
        "4 rejects ✓",
        "4 rejects ✓",
    ]
    qtbot.mouseClick(early.rejects, Qt.MouseButton.LeftButton)
    assert [bar.rejects.text(), early.rejects.isHidden(), late.rejects.isHidden()] == ["no rejects", True, True]
    rig.feed(refused("OMS-5"))
    qtbot.mouseClick(bar.rejects, Qt.MouseButton.LeftButton)
    assert [bar.rejects.text(), early.rejects.isHidden(), late.rejects.isHidden()] == ["no rejects", True, True]
    early.release()
    late.release()


def test_what_was_seen_is_not_new_after_a_restart_and_what_was_not_seen_is(tmp_path: Path) -> None:
    file, said = tmp_path / "home" / "rejects-seen.txt", list[str]()
    first = RejectWatch()
    RejectsStore(first, file, said.append)
    first.take(refused("OMS-1", at=1), None)
    first.acknowledge()
    first.take(refused("OMS-2", at=2), None)
    second = RejectWatch()
    RejectsStore(second, file, said.append)
    for row in (refused("OMS-1", at=1), refused("OMS-2", at=2)):
        second.take(row, None)
    assert list(second.unseen) == ["OMS-2"]
    assert not said


def test_a_file_that_cannot_be_read_shows_every_reject_again(tmp_path: Path) -> None:
    file = tmp_path / "rejects-seen.txt"
    file.write_bytes(b"\xff\xfe not a number")
    watch = RejectWatch()
    RejectsStore(watch, file, lambda _text: None)
    assert watch.seen_until == 0


def test_a_moment_that_cannot_be_kept_is_said_and_the_rejects_are_seen(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder would be", encoding="utf-8")
    said: list[str] = []
    watch = RejectWatch()
    RejectsStore(watch, tmp_path / "home" / "rejects-seen.txt", said.append)
    watch.take(refused("OMS-1"), None)
    watch.acknowledge()
    assert not watch.unseen
    assert said == ["Rejects are seen now, but will count again after a restart: File exists."]
