"""What tests of the whole program start ends with them, whatever fails: a thread that lived on would end the run."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import Desktop, running


@pytest.mark.parametrize("step", ["start", "stop"])
def test_no_thread_of_the_program_outlives_a_desktop_that_fails(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = set(threading.enumerate())
    ending = Desktop.stop

    def fail(desktop: Desktop, **_arguments: object) -> None:
        ending(desktop)
        raise RuntimeError("this desktop fails")

    monkeypatch.setattr(Desktop, step, fail)
    with pytest.raises(RuntimeError, match="this desktop fails"), running(qtbot, tmp_path):
        pass
    assert [thread.name for thread in threading.enumerate() if thread not in before] == []
