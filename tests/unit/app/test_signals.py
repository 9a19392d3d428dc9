"""A signal ends a headless run whenever it comes, also where it does not interrupt the wait for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEARD_BY_ANOTHER_THREAD = """
import signal, threading
from queue import SimpleQueue
from workstation.app.runs import Turn, _next, _on_signals

turns = SimpleQueue()
_on_signals(lambda: turns.put(Turn.END))
threading.Timer(0.3, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM)).start()
print(_next(turns).name)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signal to a thread")
def test_a_signal_that_interrupts_no_wait_of_the_main_thread_is_heard() -> None:
    command = [sys.executable, "-c", HEARD_BY_ANOTHER_THREAD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["END"]
