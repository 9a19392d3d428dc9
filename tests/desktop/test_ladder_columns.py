"""The ladder's columns: they fill the width, and larger text gets larger columns, not cut ones."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from workstation.desktop.panels.ladder_columns import columns_for
from workstation.desktop.panels.ladder_paint import RowPainter, in_thousands
from workstation.desktop.panels.ladder_titles import APART_PX, TitleStrip
from workstation.desktop.theme import TEXT_SCALE_MAX, apply_theme, load_theme
from workstation.viewmodels.ladder_clicks import Column

LADDER_PX = 228
"""What the ladder of the trading workspace has in a window of 960 x 600."""
WIDTHS = (280, 349, 350, 440, 520, 600, 680, 900)


@pytest.mark.parametrize("scale", [0.85, 1.3, 1.7])
@pytest.mark.parametrize("width", WIDTHS)
def test_columns_grow_with_the_text(width: int, scale: float) -> None:
    plain = columns_for(width, 80, pulled=True, both=True)
    scaled = columns_for(round(width * scale), round(80 * scale), pulled=True, both=True, text_scale=scale)
    assert [name for name, _, _ in scaled.edges] == [name for name, _, _ in plain.edges]
    for name, _, size in plain.edges:
        assert abs(scaled.width(name) - size * scale) <= 4, name


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_fill_the_width_without_a_gap(width: int) -> None:
    left = 0
    for _, edge, size in columns_for(width, 80, pulled=True).edges:
        assert edge == left
        left += size
    assert left == width


@pytest.mark.parametrize("width", [220, 260, 304])
@pytest.mark.parametrize("scale", [1.0, 1.7])
def test_in_a_narrow_ladder_sizes_keep_their_room_beside_own_orders(width: int, scale: float) -> None:
    columns = columns_for(width, round(64 * scale), text_scale=scale)
    for own, size in ((Column.OWN_BID, Column.BID), (Column.OWN_ASK, Column.ASK)):
        assert columns.width(own) > 0
        assert columns.width(size) >= min(50 * scale, (width - columns.width(Column.PRICE)) // 4 - 1)


@pytest.mark.parametrize(
    ("size", "shown"),
    [("999", "999"), ("1,092", "1.0k"), ("9,999", "9.9k"), ("10,000", "10k"), ("123,456", "123k"), ("0.25", "0.25")],
)
def test_a_size_without_room_is_told_in_thousands_and_never_cut(size: str, shown: str) -> None:
    assert in_thousands(size) == shown


@pytest.mark.parametrize("width", range(200, 420, 4))
@pytest.mark.parametrize("scale", [1.0, 1.5, TEXT_SCALE_MAX])
def test_titles_never_touch_and_each_column_has_one_in_the_least_window(
    width: int, scale: float, qapp: QApplication
) -> None:
    apply_theme(qapp, load_theme("dark", text_scale=scale))
    price = RowPainter().price_width("230.09")
    columns = columns_for(width, price, text_scale=scale)
    face, titles = TitleStrip().chosen(columns)
    for title in titles:
        assert face.width(title.text) <= title.width - APART_PX
    if width >= LADDER_PX:
        assert [title.text for title in titles][1:4] == ["BID", "PRICE", "ASK"]
        assert all(title.text for title in titles)
    apply_theme(qapp, load_theme("dark"))
