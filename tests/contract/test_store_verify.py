"""The whole chain verified beside a live writer, and the benchmark's figures."""

from __future__ import annotations

import pytest

from tests.helpers.stores import execute_sql, note, open_for_test
from workstation.domain.errors import StorageError
from workstation.storage import benchmark, verify
from workstation.storage.verify import VerifyReport


def test_a_live_journal_verifies_with_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "PROGRESS_LINES", 10)
    store = open_for_test(tmp_path)
    store.write(*[note() for _ in range(25)])
    seen: list[tuple[int, int]] = []
    report = verify.verify("", tmp_path, lambda done, total: seen.append((done, total)))
    assert report.intact
    assert (report.lines, report.newest_seq, len(report.head)) == (25, 25, 64)
    assert seen == [(10, 25), (20, 25), (25, 25)]
    store.close()


def test_the_first_broken_row_is_named(tmp_path):
    store = open_for_test(tmp_path)
    store.write(*[note() for _ in range(25)])
    store.close()
    execute_sql("", tmp_path, "UPDATE journal SET ts_wall = ts_wall + 1 WHERE seq IN (12, 20)")
    report = verify.verify("", tmp_path)
    assert report == VerifyReport(lines=11, newest_seq=25, head=report.head, damage=report.damage)
    assert "line 12 " in report.damage


def test_nothing_to_verify_is_said(tmp_path):
    with pytest.raises(StorageError, match="no database"):
        verify.verify("", tmp_path)


def test_the_benchmark_reports_every_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "BURST_ORDERS", 50)
    monkeypatch.setattr(benchmark, "SINGLE_ORDERS", 3)
    monkeypatch.setattr(benchmark, "LIST_ROUNDS", 1)
    figures = benchmark.run(tmp_path)
    assert all(value > 0 for value in figures.values())
    assert set(figures) >= {
        "durable_orders_per_s",
        "durable_orders_per_cpu_s",
        "durable_order_ms_p50",
        "list_100_cpu_ms",
    }
