"""order, orders, positions and tail from the command line, against the program as it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.product_rig import ACCOUNT, running_headless
from tests.helpers.storage_flow import quoted
from workstation.__main__ import main
from workstation.app.bootstrap import Program
from workstation.client import Client


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with running_headless(tmp_path, "--api-port", "0") as program:
        quoted(program, "SIM-FILL")
        yield program


class Shell:
    """Calls the program as a shell does; what it said stands in `out` and `err`."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str]) -> None:
        self._home, self._capture = home, capture
        self.out = self.err = ""

    def __call__(self, line: str) -> int:
        words = line.split()
        code = main([words[0], "--home", str(self._home), *words[1:]])
        self.out, self.err = self._capture.readouterr()
        return code


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def columns(text: str) -> list[dict[str, str]]:
    """Return a table's rows by their heads; a table is aligned when each cell stands beneath its head."""
    heads, *rows = text.splitlines()
    names = heads.split("  ")
    assert all(len(row) <= max(map(len, [heads, *rows])) for row in rows)
    return [dict(zip([name.strip() for name in names if name], row.split(), strict=False)) for row in rows]


def test_an_order_in_words_is_placed_filled_and_held(program: Program, shell: Shell) -> None:
    assert shell(f"order buy 100 SIM-FILL limit 101.00 --account {ACCOUNT} --json") == 0, shell.err
    placed = json.loads(shell.out)
    assert (placed["side"], placed["quantity"], placed["price"]) == ("BUY", "100", "101.00")
    with Client(program.own_home.root) as client:
        stream = client.events.follow(types=("order.filled",), since_id="0")
        assert next(stream).data["id"] == placed["id"]
        stream.close()
    assert shell("positions") == 0
    (held,) = columns(shell.out)
    assert (held["SYMBOL"], held["QTY"], held["ACCOUNT"]) == ("SIM-FILL", "100", ACCOUNT)
    assert shell("orders") == 0
    assert columns(shell.out) == [], "nothing is open any more"
    assert "no open orders; --all lists" in shell.err
    assert shell("orders --all --symbol sim-fill") == 0
    assert placed["id"] in shell.out


def test_a_preview_places_nothing(program: Program, shell: Shell) -> None:
    assert shell("order buy 100 SIM-FILL limit 100.05 --preview") == 0, shell.err
    assert "would pass" in shell.out
    assert shell("order buy 100000000 SIM-FILL limit 100.05 --preview") == 1
    assert "would be refused" in shell.out
    assert shell("orders --all --json") == 0
    assert json.loads(shell.out) == []


def test_a_refusal_is_one_line_with_code_and_trace(program: Program, shell: Shell) -> None:
    assert shell("order buy 1 NOSUCH limit 100.05") == 1
    assert shell.err.count("\n") == 1
    assert "NOT_FOUND" in shell.err
    assert "[trace " in shell.err
    assert shell("order buy 1 SIM-REJECT limit 100.05") == 1
    assert "VENUE_REJECT" in shell.err


def test_the_tail_of_events_begins_and_ends_where_asked(program: Program, shell: Shell) -> None:
    assert shell("order buy 1 SIM-FILL limit 101.00") == 0, shell.err
    with Client(program.own_home.root) as client:
        newest = client.events.list(limit=1).first_page().items[0].id
    assert shell(f"tail --types order.* --since 0 --until {newest}") == 0
    assert "order.created" in shell.out
    assert "SIM-FILL BUY 1" in shell.out
    assert shell(f"tail --since 0 --until {newest} --json --types order.created") == 0
    (created,) = [json.loads(line) for line in shell.out.splitlines()]
    assert created["type"] == "order.created"


def test_a_tail_of_a_type_that_no_event_has_is_a_wrong_call_that_says_which_there_are(
    program: Program, shell: Shell
) -> None:
    for wrong in ("nonsense", "ordr.*", "order.* order.nonsense"):
        assert shell(f"tail --types {wrong} --until 0 --since 0") == 2, shell.out
        assert repr(wrong.split()[-1]) in shell.err, "it waited without a word"
        assert shell.err.count("\n") == 1
        assert "order.created" in shell.err
        assert "risk.breached" in shell.err
    assert shell("tail --types order.* alert.fired strategy.run.started --since 0 --until 1") == 0, shell.err


@pytest.mark.parametrize("line", ["orders", "positions", "tail", "order buy 1 X 5"])
def test_without_a_program_it_says_so(shell: Shell, line: str) -> None:
    assert shell(line) == 1
    assert "no program runs with the home" in shell.err
    assert shell.err.count("\n") == 1


def test_a_wrong_call_is_a_wrong_call(program: Program, shell: Shell) -> None:
    assert shell("order buy 1 SIM-FILL") == 2
    assert "say a price, or market" in shell.err
    assert shell("orders --limit 0") == 2
    assert shell("positions --account NOBODY") == 2
    assert ACCOUNT in shell.err
