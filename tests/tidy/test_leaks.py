"""The watches that fail a test notice what they are for."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from typing import Any

import structlog
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.leaks import TESTS_PER_FREEZE, Heap, ThreadWatch, WindowWatch


def test_a_thread_that_goes_on_is_named() -> None:
    watch, end = ThreadWatch(), threading.Event()
    thread = threading.Thread(target=end.wait, name="planted")
    thread.start()
    assert watch.leaked(within_s=0.01) == ["thread planted still runs"]
    end.set()
    assert watch.leaked() == []


def test_a_window_that_stays_is_named_and_one_that_is_closing_is_not(qtbot: QtBot) -> None:
    watch = WindowWatch()
    window = QWidget(objectName="planted")
    assert watch.leaked() == ["window QWidget 'planted' stays"]
    window.deleteLater()
    assert watch.leaked() == []


def test_what_a_test_still_holds_is_given_back_once_it_is_over(qtbot: QtBot) -> None:
    class Held:
        pass

    watch, heap, held = WindowWatch(), Heap(), Held()
    held.itself = held  # type: ignore[attr-defined]  # only the collector ends it
    window = QWidget()
    assert watch.leaked() != [], "a collection while the test goes on"
    gone = weakref.ref(held)
    window.deleteLater()
    del held
    frozen = gc.get_freeze_count()
    for _ in range(TESTS_PER_FREEZE):
        heap.count_test()
    assert gone() is None
    assert gc.get_freeze_count() > frozen, "what stays is left out of later collections"


def test_a_desktop_of_a_test_that_has_ended_is_let_go(qapp: object) -> None:
    rig = DesktopRig()
    gone = weakref.ref(rig)
    rig.stop()
    del rig
    gc.collect()
    assert gone() is None


def test_warnings_of_both_kinds_of_logging_are_collected(logged: list[dict[str, Any]]) -> None:
    structlog.get_logger().info("nothing to see")
    structlog.get_logger().warning("feed lags", age_s=3)
    logging.getLogger("library").error("lost %s", "it")
    assert [(line["event"], line["level"]) for line in logged] == [("feed lags", "warning"), ("lost it", "error")]
