"""Fixed-point columns, the hash chain and the statements made from tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from tests.helpers.stores import ACME, COIN, INSTRUMENTS
from workstation.domain.errors import StorageDamaged
from workstation.ports.store import JournalLine
from workstation.storage import tables
from workstation.storage.chain import GENESIS, line_hash, verified
from workstation.storage.driver import upsert
from workstation.storage.fixed_point import LARGEST, FixedPoint, Scales, bounded


@given(st.integers(-LARGEST, LARGEST), st.sampled_from([postgresql.dialect(), sqlite.dialect()]))
def test_a_value_survives_both_databases(value, dialect):
    column = FixedPoint(8)
    assert column.process_result_value(column.process_bind_param(value, dialect), dialect) == value


@given(st.integers(-(10**40), 10**40), st.integers(0, 18))
def test_what_a_column_cannot_hold_stays_at_its_bound(value, decimals):
    assert -LARGEST <= bounded(value, decimals, 8) <= LARGEST
    assert LARGEST < 2**63


def test_a_missing_value_stays_missing():
    assert FixedPoint(8).process_bind_param(None, postgresql.dialect()) is None
    assert FixedPoint(8).process_result_value(None, sqlite.dialect()) is None


def test_prices_of_different_scales_meet_on_one():
    scales = Scales(INSTRUMENTS)
    assert scales.price("ACME", 150) == scales.price("COIN", 15_000) == 150_000_000
    assert scales.qty("ACME", -1) == scales.qty("COIN", -(10**8)) == -(10**8)


def test_an_instrument_is_learnt_from_its_row():
    scales = Scales(lambda _symbol: None)
    assert scales.price("COIN", 1) is None
    assert scales.qty("COIN", 1) == 0
    scales.learn(COIN)
    assert scales.price("COIN", 1) == 10**4


def test_an_instrument_without_decimals_is_known_all_the_same():
    assert Scales({"ACME": ACME}).price("ACME", 0) == 0


def chain_of(count: int) -> list[JournalLine]:
    lines, prev_hash = [], GENESIS
    for seq in range(1, count + 1):
        payload = f'{{"n":{seq}}}'.encode()
        own = line_hash(prev_hash, (seq, 1, seq, seq, 1), ("K", "", "", "me"), payload)
        lines.append(
            JournalLine(
                seq=seq,
                epoch=1,
                ts_wall=seq,
                ts_mono=seq,
                kind="K",
                schema_version=1,
                correlation="",
                causation="",
                actor="me",
                payload=payload,
                prev_hash=prev_hash,
                hash=own,
            )
        )
        prev_hash = own
    return lines


def changed(line: JournalLine, **fields: object) -> JournalLine:
    values = {name: getattr(line, name) for name in line.__struct_fields__}
    return JournalLine(**{**values, **fields})


def test_an_unbroken_chain_passes_whole():
    lines = chain_of(20)
    assert list(verified(lines, 0, GENESIS)) == lines
    assert list(verified(lines[7:], 7, lines[6].hash)) == lines[7:]


@pytest.mark.parametrize(
    "fields",
    [
        {"payload": b"{}"},
        {"actor": "you"},
        {"epoch": 2},
        {"ts_wall": 0},
        {"ts_mono": 0},
        {"kind": "L"},
        {"correlation": "c"},
        {"hash": bytes(32)},
    ],
)
def test_a_change_of_any_field_is_found_at_its_line(fields):
    lines = chain_of(5)
    lines[2] = changed(lines[2], **fields)
    with pytest.raises(StorageDamaged, match="line 3"):
        list(verified(lines, 0, GENESIS))


def test_two_different_lines_never_share_a_form():
    numbers = (1, 1, 1, 1, 1)
    assert line_hash(GENESIS, numbers, ("ab", "c", "", ""), b"") != line_hash(
        GENESIS, numbers, ("a", "bc", "", ""), b""
    )
    assert line_hash(GENESIS, numbers, ("a", "", "", ""), b"b") != line_hash(GENESIS, numbers, ("a", "", "", "b"), b"")


def test_a_line_put_in_is_found():
    lines = chain_of(4)
    with pytest.raises(StorageDamaged, match="line 3 is missing"):
        list(verified([*lines[:2], lines[3]], 0, GENESIS))


def test_an_update_leaves_keys_and_frozen_columns_alone():
    statement = upsert(tables.balances, ("account", "currency", "cash"), ("account",), frozen=("currency",))
    assert statement.text == (
        "INSERT INTO balances (account, currency, cash) VALUES (?, ?, ?) "
        "ON CONFLICT (account) DO UPDATE SET cash = excluded.cash"
    )
    assert [index for index, _ in statement.fixed] == [2]
