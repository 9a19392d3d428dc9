"""A locked screen disarms: what screen savers and the login manager say on a real message bus."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import running
from workstation.desktop.shell import screen_lock
from workstation.desktop.shell.screen_lock import SAVERS, SESSION, ScreenLock, watched_screen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has message buses")
DAEMON = shutil.which("dbus-daemon")


@pytest.fixture
def bus() -> Iterator[str]:
    """Return the address of a message bus of the test's own."""
    assert DAEMON is not None, "the tests need dbus-daemon; packaging/bootstrap.py test installs it"
    command = [DAEMON, "--session", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


@pytest.fixture
def say(bus: str) -> Iterator[Callable[..., None]]:
    """Return what sends a signal as another program would."""
    other = QDBusConnection.connectToBus(bus, "test_saver")

    def send(interface: str, name: str, *values: object) -> None:
        message = QDBusMessage.createSignal("/org/freedesktop/any", interface, name)
        message.setArguments(list(values))
        assert other.send(message)

    yield send
    QDBusConnection.disconnectFromBus("test_saver")


def test_a_screen_saver_that_begins_and_a_session_that_locks_are_heard_and_one_that_ends_is_not(
    qapp: QCoreApplication, qtbot: QtBot, bus: str, say: Callable[..., None]
) -> None:
    own = QDBusConnection.connectToBus(bus, "test_lock")
    lock = ScreenLock(own, own)
    heard: list[str] = []
    lock.locked.connect(lambda: heard.append("locked"))
    for saver in SAVERS:
        say(saver, "ActiveChanged", False)
        say(saver, "ActiveChanged", True)
    say(SESSION, "Unlock")
    say(SESSION, "Lock")
    qtbot.waitUntil(lambda: len(heard) > len(SAVERS))
    qapp.processEvents()
    assert len(heard) == len(SAVERS) + 1
    QDBusConnection.disconnectFromBus("test_lock")


def test_the_product_disarms_when_the_screen_is_locked(
    qtbot: QtBot, tmp_path: Path, bus: str, say: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = QDBusConnection.connectToBus(bus, "test_session")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus)
    monkeypatch.setattr(QDBusConnection, "sessionBus", staticmethod(lambda: own))
    with running(qtbot, tmp_path) as product:
        product.arm()
        product.wait(lambda: getattr(product.desktop, "_lock", None), "the bus to be heard")
        say(SAVERS[0], "ActiveChanged", True)
        product.wait(lambda: product.state.status is not None and product.state.status.armed is None, "disarmed")
        product.wait_for_words("Disarmed: screen locked.")
    QDBusConnection.disconnectFromBus("test_session")


def test_where_there_is_no_bus_none_is_asked_for_so_that_none_is_started(
    qapp: QCoreApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QDBusConnection, "sessionBus", staticmethod(lambda: asked.append("session")))
    monkeypatch.setattr(QDBusConnection, "systemBus", staticmethod(lambda: asked.append("system")))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(screen_lock, "SYSTEM_BUS", tmp_path / "no_bus_for_all")
    watched_screen()
    assert asked == []
