"""The ladder's columns: they fill the width, and larger text gets larger columns, not cut ones."""

from __future__ import annotations

import pytest

from workstation.desktop.panels.ladder_columns import columns_for

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
