"""Retention of market data on every store: what was recorded goes by age, what an import brought stays for good."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.contract.test_store_market import DAY, MINUTE, NOON, WAIT_S, Kept, bar, months_of, quality, trade
from tests.helpers.stores import ACME, migrated_postgres_database, note, open_for_test
from workstation.ports.market_data import DataKind
from workstation.ports.market_store import BarQuery, QualityQuery, Retention, TickQuery
from workstation.storage import open_view
from workstation.storage.market_imports import Stored
from workstation.storage.market_tables import TIME_COLUMNS


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


def test_what_is_too_old_is_thrown_away(url: str, tmp_path: Path) -> None:
    kept = Kept(tmp_path, url)
    old, young = bar(start=NOON - 100 * DAY, end=NOON - 99 * DAY), bar()
    assert kept.bars(old, young)
    kept.recorder.put_ticks([trade(0, "COIN", at=NOON - 100 * DAY), trade(1)], "SIM")
    kept.recorder.put_quality(msgspec.structs.replace(quality(0), snapshot_time=NOON - 100 * DAY))
    kept.opened.close()
    kept.opened = open_for_test(tmp_path, url)
    recorder = kept.opened.store.recorder
    recorder.start(Retention(bars_days=40, ticks_days=40, qualities_days=40), lambda: NOON)
    done = threading.Event()
    recorder.put_bars([bar(1)], lambda _stored: done.set())
    assert done.wait(WAIT_S)
    kept.opened.close()
    view = open_view(url, tmp_path)
    assert view.reader.market.bars(BarQuery(symbol="ACME", interval="1_MINUTE")).rows == (young, bar(1))
    assert [tick.event for tick in view.reader.market.ticks(TickQuery())] == [trade(1)]
    assert view.reader.market.qualities(QualityQuery()).total == 0
    view.close()
    days = [folder.name for folder in (tmp_path / "ticks").iterdir()]
    assert days == [datetime.fromtimestamp(NOON / 1e9, UTC).date().isoformat()]


def forget(kept: Kept, url: str) -> None:
    """Run the recorder's retention of 40 days over what is stored, by itself, on the journal's thread."""
    kept.opened.close()
    kept.opened = open_for_test(kept.home, url)
    recorder = kept.opened.store.recorder
    recorder._forget(Retention(bars_days=40, ticks_days=40, qualities_days=40), NOON)
    kept.opened.write(note())


def test_what_was_imported_stays_however_old_it_is(url: str, tmp_path: Path) -> None:
    kept = Kept(tmp_path, url)
    past = NOON - 100 * DAY
    bars = [bar(number, symbol="ACME", start=past + number * MINUTE, end=past + (number + 1) * MINUTE)
            for number in range(4)]  # fmt: skip
    imported = [msgspec.structs.replace(row, source="acme.csv") for row in bars]
    older = msgspec.structs.replace(bar(), start=NOON - 200 * DAY, end=NOON - 199 * DAY, source="acme.csv")
    prints = [trade(number, at=past) for number in range(3)]
    assert kept.bars(bars[0], bars[1], bar())
    kept.recorder.put_ticks([trade(0, "COIN", at=past)], "SIM")
    kept.settled()
    with kept.opened.store.imports.writing() as writing:
        assert writing.bars([older], replace=False).new == 1
        assert writing.bars(imported[1:], replace=False) == Stored(new=2, known=1)
        assert writing.ticks(list(prints), DataKind.TRADES, ACME, "0a1b", "acme.csv").new == 3
    forget(kept, url)
    reader, history = kept.opened.store.reader.market, kept.opened.store.history
    kept_bars = reader.bars(BarQuery(symbol="ACME", interval="1_MINUTE")).rows
    assert kept_bars == (older, bars[1], *imported[2:], bar()), "the bar that was only recorded has gone"
    assert [tick.event for tick in reader.ticks(TickQuery(descending=False))] == prints
    assert [list(chunk.ts) for chunk in history.open_trades("ACME", None, None)] == [[row.ts_init for row in prints]]
    assert {(held.source, held.kind, held.rows, held.imported, held.origin) for held in history.holdings()} == {
        ("SIM", DataKind.BARS, 2, 1, "both"),
        ("acme.csv", DataKind.BARS, 3, 3, "imported"),
        ("acme.csv", DataKind.TRADES, 3, 3, "imported"),
    }
    if url:
        assert len(months_of(kept, "market_bars")) == 3, "the months of imports stay"
    kept.opened.close()


def test_a_feed_that_writes_over_an_imported_bar_leaves_it_its_owners(url: str, tmp_path: Path) -> None:
    kept, past = Kept(tmp_path, url), NOON - 100 * DAY
    row = bar(start=past, end=past + MINUTE)
    with kept.opened.store.imports.writing() as writing:
        writing.bars([row], replace=False)
    assert kept.bars(row)
    forget(kept, url)
    assert kept.opened.store.reader.market.bars(BarQuery(symbol="ACME", interval="1_MINUTE")).rows == (row,)
    kept.opened.close()


def test_an_import_into_a_month_that_was_dropped_beside_it_makes_the_month_anew(url: str, tmp_path: Path) -> None:
    kept, past = Kept(tmp_path, url), NOON - 100 * DAY
    rows = [bar(number, start=past + number * MINUTE, end=past + (number + 1) * MINUTE) for number in range(2)]
    imports = kept.opened.store.imports
    with imports.writing() as writing:
        writing.bars(rows[:1], replace=False)
    [held] = imports.history.holdings()
    imports.delete(held)
    assert kept.bars(rows[0])
    kept.recorder._forget(Retention(bars_days=40), NOON)
    kept.opened.write(note())
    assert imports.history.holdings() == ()
    with imports.writing() as writing:
        assert writing.bars(rows, replace=False).new == 2
    assert imports.history.holdings()[0].imported == 2
    kept.opened.close()


@pytest.mark.parametrize("table", ["market_bars", "tick_chunks"])
def test_looking_for_what_is_too_old_walks_past_no_import(url: str, tmp_path: Path, table: str) -> None:
    planned, time, name = Kept(tmp_path, url), TIME_COLUMNS[table], table
    assert planned.bars(bar())
    planned.recorder.put_ticks([trade(1)], "SIM")
    planned.settled()
    if url:
        name = next(iter(months_of(planned, table)))
    plan = planned.explain_sql(f"SELECT 1 FROM {name} WHERE imported = FALSE AND {time} < 5 ORDER BY {time} LIMIT 9")
    assert f"ix_{table}_imported" in plan or f"{name}_imported_{time}_idx" in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    planned.opened.close()
