"""A kill that was left while nothing ran: obeyed by the next start of its home, whatever it names, and never lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.helpers.product_rig import product_options
from workstation.app.bootstrap import Program
from workstation.app.kill_mark import leave_mark, obey_mark
from workstation.config.paths import find_home
from workstation.domain.accounts import KillScope
from workstation.kernel.logs import RecentLog


@contextmanager
def started(home: Path, store: Path | None = None) -> Iterator[Program]:
    options = product_options(home, "--no-api")
    options.home.create()
    if store is not None:
        store.mkdir()
        options = msgspec.structs.replace(options, store_folder=store)
    program = Program(options, RecentLog())
    program.start()
    try:
        yield program
    finally:
        program.stop()


def killed(program: Program) -> list[tuple[KillScope, str]]:
    states = program.engine.core.state.controls.kills.active()
    return [(state.scope, state.key) for state in states]


def test_a_mark_is_obeyed_once_and_outlives_the_start_that_obeyed_it(tmp_path: Path) -> None:
    home = find_home(str(tmp_path))
    leave_mark(home, KillScope.ACCOUNT, "SIM-MARGIN", "by hand")
    for _ in range(2):
        with started(tmp_path) as program:
            assert killed(program) == [(KillScope.ACCOUNT, "SIM-MARGIN")]
            assert not home.kill_mark.exists()


@pytest.mark.parametrize(
    ("scope", "key", "named"), [(KillScope.ACCOUNT, "SIM-9", "no account 'SIM-9'"), (KillScope.SYMBOL, "", "key")]
)
def test_a_mark_of_what_is_not_known_switches_everything_off_and_says_so(
    tmp_path: Path, scope: KillScope, key: str, named: str
) -> None:
    home = find_home(str(tmp_path))
    leave_mark(home, scope, key, "by hand")
    said: list[str] = []
    with started(tmp_path) as program:
        assert killed(program) == [(KillScope.ALL, "")]
        (state,) = program.engine.core.state.controls.kills.active()
        assert named in state.reason
        leave_mark(home, scope, key, "by hand")
        said.append(obey_mark(home.kill_mark, program.engine))
    assert "all trading is off" in said[0]
    assert named in said[0]


def test_a_mark_that_cannot_be_read_switches_everything_off(tmp_path: Path) -> None:
    home = find_home(str(tmp_path))
    home.create()
    home.kill_mark.write_bytes(b"{")
    with started(tmp_path) as program:
        assert killed(program) == [(KillScope.ALL, "")]


def test_a_run_that_stores_elsewhere_obeys_a_mark_and_leaves_it_for_the_next_one(tmp_path: Path) -> None:
    home = find_home(str(tmp_path / "home"))
    leave_mark(home, KillScope.ALL, "", "by hand")
    with started(tmp_path / "home", tmp_path / "replay") as program:
        assert killed(program) == [(KillScope.ALL, "")]
    assert home.kill_mark.exists()
    with started(tmp_path / "home") as program:
        assert killed(program) == [(KillScope.ALL, "")]
        assert not home.kill_mark.exists()
