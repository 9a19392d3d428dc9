"""Layouts through the product: saved as text, back after a restart, and a damaged file that costs nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import Product, running


def file_of(product: Product) -> Path:
    return product.options.home.layouts / "trading.toml"


def shape(product: Product) -> dict[str, tuple[str, str, str]]:
    """Return every panel with its kind, link group and instrument."""
    return {panel.panel_id: (panel.kind, panel.link_group, panel.symbol) for panel in product.window.panels.values()}


def test_panels_and_link_groups_come_back_after_a_restart(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        chart = product.window.add_panel("chart")
        chart.set_link_group("C")
        product.window.close_panel("log-1")
        product.desktop.workspace.save()
        before = shape(product)
        text = tomllib.loads(file_of(product).read_text(encoding="utf-8"))
    assert {entry["id"]: entry.get("link", "") for entry in text["panel"]} == {
        name: link for name, (_kind, link, _symbol) in before.items()
    }
    assert before["chart-2"][:2] == ("chart", "C")
    with running(qtbot, tmp_path) as product:
        after = shape(product)
    assert {name: row[:2] for name, row in after.items()} == {name: row[:2] for name, row in before.items()}
    assert "log-1" not in after


def test_a_link_group_moves_together(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        apart = product.window.add_panel("chart")
        apart.set_link_group("B")
        product.focus("MSFT")
        linked = {panel.symbol for panel in product.window.panels.values() if panel.link_group == "A" and panel.symbol}
        assert linked == {"MSFT"}
        assert apart.symbol != "MSFT"


def test_a_damaged_file_is_kept_named_and_replaced_by_the_shipped_layout(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        shipped = shape(product)
        path = file_of(product)
    damaged = 'name = "trading"\nversion = [1\n'
    path.write_text(damaged, encoding="utf-8")
    with running(qtbot, tmp_path) as product:
        assert {name: row[:2] for name, row in shape(product).items()} == {
            name: row[:2] for name, row in shipped.items()
        }
        words = product.window.top_bar.notice.text()
    assert path.with_suffix(".damaged").read_text(encoding="utf-8") == damaged
    assert "damaged layout is kept" in words
