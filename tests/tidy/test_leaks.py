"""The watches that fail a test notice what they are for."""

from __future__ import annotations

import logging
import threading
from typing import Any

import structlog
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.leaks import ThreadWatch, WindowWatch


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


def test_warnings_of_both_kinds_of_logging_are_collected(logged: list[dict[str, Any]]) -> None:
    structlog.get_logger().info("nothing to see")
    structlog.get_logger().warning("feed lags", age_s=3)
    logging.getLogger("library").error("lost %s", "it")
    assert [(line["event"], line["level"]) for line in logged] == [("feed lags", "warning"), ("lost it", "error")]
