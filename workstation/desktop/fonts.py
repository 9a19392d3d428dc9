"""The two shipped typefaces: Inter for words, JetBrains Mono for figures.

Both come from `resources/fonts` under the Open Font License, so that every machine shows the same picture, one
without fonts too. Figures are tabular in both, digits keep their columns. Sizes are pixels; the type scale that names
them belongs to the theme.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase

from workstation.config.resources import resource_path
from workstation.domain.errors import NotFound

UI_FAMILY: Final = "Inter"
FIGURE_FAMILY: Final = "JetBrains Mono"
FONTS_KEPT_MAX: Final = 64
FEATURES: Final = {
    UI_FAMILY: {"tnum": 1, "zero": 1},
    FIGURE_FAMILY: {"calt": 0},
}
FONT_SUFFIXES: Final = frozenset({".otf", ".ttf"})

Weight = QFont.Weight


@cache
def load_fonts() -> tuple[str, ...]:
    """Register the shipped font files once per process and return the families found.

    Needs a QGuiApplication. Raises: NotFound when a family is missing.
    """
    families: set[str] = set()
    for file in sorted(resource_path("fonts").iterdir()):
        if file.suffix in FONT_SUFFIXES:
            handle = QFontDatabase.addApplicationFont(str(file))
            families.update(QFontDatabase.applicationFontFamilies(handle))
    for family in (UI_FAMILY, FIGURE_FAMILY):
        if family not in families:
            raise NotFound("font family", family)
    return tuple(sorted(families))


def sized_ui_font(size_px: int, weight: Weight = Weight.Normal) -> QFont:
    """Return Inter at a pixel size, with tabular figures and an unambiguous slashed zero."""
    return QFont(_sized(UI_FAMILY, size_px, weight))


def sized_figure_font(size_px: int, weight: Weight = Weight.Normal) -> QFont:
    """Return JetBrains Mono at a pixel size; ligatures are off, because `->` and `!=` in a symbol are no arrows."""
    return QFont(_sized(FIGURE_FAMILY, size_px, weight))


@lru_cache(maxsize=FONTS_KEPT_MAX)
def _sized(family: str, size_px: int, weight: Weight) -> QFont:
    """Return one font per size and weight: copies share the resolved engine, which costs more than a price to paint."""
    load_fonts()
    font = QFont(family)
    font.setPixelSize(size_px)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    for feature, value in FEATURES[family].items():
        font.setFeature(QFont.Tag(feature), value)
    return font
