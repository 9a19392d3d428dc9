"""Colour roles, and the contrast that text and shapes must keep.

Widgets name a role (`theme.colors.text_muted`), never a literal colour. The pairs below are those that the style
sheet and the painted panels really put together; a theme that fails one is refused. Contrast follows WCAG 2.1,
relative luminance of sRGB. This module must not read files or touch widgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

from PySide6.QtGui import QColor

TEXT_CONTRAST_MIN: Final = 4.5
SHAPE_CONTRAST_MIN: Final = 3.0


@dataclass(frozen=True, slots=True)
class Colors:
    """One colour a role. The table in `resources/themes` says in a comment where each role is used."""

    backdrop: QColor
    surface: QColor
    surface_raised: QColor
    surface_sunken: QColor
    surface_hover: QColor
    surface_selected: QColor
    line: QColor
    line_strong: QColor
    grid: QColor
    text: QColor
    text_muted: QColor
    text_disabled: QColor
    accent: QColor
    on_accent: QColor
    focus: QColor
    buy: QColor
    on_buy: QColor
    buy_tint: QColor
    sell: QColor
    on_sell: QColor
    sell_tint: QColor
    rise: QColor
    fall: QColor
    warning: QColor
    on_warning: QColor
    danger: QColor
    on_danger: QColor
    info: QColor
    stale: QColor
    sim: QColor
    on_sim: QColor
    live: QColor
    on_live: QColor
    replay: QColor
    on_replay: QColor
    account_1: QColor
    account_2: QColor
    account_3: QColor
    account_4: QColor
    account_5: QColor
    account_6: QColor
    series_1: QColor
    series_2: QColor
    series_3: QColor
    series_4: QColor
    link_a: QColor
    link_b: QColor
    link_c: QColor
    link_d: QColor
    link_e: QColor
    link_f: QColor
    link_g: QColor
    link_h: QColor


SURFACES: Final = ("surface", "surface_raised", "surface_sunken")
ENVIRONMENTS: Final = ("sim", "live", "replay")
ENVIRONMENT_DISTANCE_MIN: Final = 80.0
"""Least distance of two environments' colours, of 765; below, one would be taken for the other."""

ACCOUNTS: Final = tuple(f"account_{number}" for number in range(1, 7))
LINK_GROUPS: Final = ("a", "b", "c", "d", "e", "f", "g", "h")

# (foreground, background): readable text.
TEXT_PAIRS: Final = (
    *((ink, ground) for ink in ("text", "text_muted", "accent", "warning", "danger", "info") for ground in SURFACES),
    *((ink, ground) for ink in ("buy", "sell", "rise", "fall") for ground in SURFACES),
    *((ink, "surface") for ink in ("stale", "sim", "live", "replay")),
    *((account, ground) for account in ACCOUNTS for ground in ("surface", "surface_raised")),
    ("text", "backdrop"),
    ("text_muted", "backdrop"),
    ("text", "surface_hover"),
    ("text_muted", "surface_hover"),
    ("text", "surface_selected"),
    ("text", "buy_tint"),
    ("text", "sell_tint"),
    ("buy", "buy_tint"),
    ("sell", "sell_tint"),
    *(("surface", f"link_{group}") for group in LINK_GROUPS),
    *((f"on_{fill}", fill) for fill in ("accent", "buy", "sell", "warning", "danger", *ENVIRONMENTS)),
)

# (shape, background): outlines, marks and lines that carry meaning.
SHAPE_PAIRS: Final = (
    *((shape, ground) for shape in ("line_strong", "focus") for ground in SURFACES),
    *((f"link_{group}", "surface_raised") for group in LINK_GROUPS),
    *((f"series_{number}", "surface") for number in (1, 2, 3, 4)),
    *((environment, "backdrop") for environment in ENVIRONMENTS),
)


def relative_luminance(color: QColor) -> float:
    """Return the WCAG 2.1 relative luminance, 0 for black to 1 for white."""

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())


def contrast_ratio(one: QColor, other: QColor) -> float:
    """Return the WCAG 2.1 contrast ratio, 1 (equal) to 21 (black on white)."""
    darker, lighter = sorted((relative_luminance(one), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def with_alpha(color: QColor, alpha: float) -> QColor:
    """Return a copy of the colour with opacity `alpha` in 0..1."""
    faded = QColor(color)
    faded.setAlphaF(alpha)
    return faded


def blend(color: QColor, ground: QColor, share: float) -> QColor:
    """Return `share` (0..1) of the colour laid over an opaque ground, opaque itself."""
    rest = 1.0 - share
    return QColor.fromRgbF(
        color.redF() * share + ground.redF() * rest,
        color.greenF() * share + ground.greenF() * rest,
        color.blueF() * share + ground.blueF() * rest,
    )


def distance(one: QColor, other: QColor) -> float:
    """Return how far two colours stand apart to the eye, 0 (equal) to 765.

    The weighted distance in RGB of T. Riemersma, Colour metric (compuphase.com/cmetric.htm).
    """
    mean = (one.red() + other.red()) / 2
    red, green, blue = one.red() - other.red(), one.green() - other.green(), one.blue() - other.blue()
    weighed = (2 + mean / 256) * red**2 + 4 * green**2 + (2 + (255 - mean) / 256) * blue**2
    return float(weighed**0.5)


def failed_pairs(colors: Colors) -> list[str]:
    """Return one sentence for each pair below its minimum: of contrast, and of distance between environments."""
    failures = []
    for one, other in combinations(ENVIRONMENTS, 2):
        if distance(getattr(colors, one), getattr(colors, other)) < ENVIRONMENT_DISTANCE_MIN:
            failures.append(f"{one} and {other} cannot be told apart: they mark the environment")
    for pairs, minimum in ((TEXT_PAIRS, TEXT_CONTRAST_MIN), (SHAPE_PAIRS, SHAPE_CONTRAST_MIN)):
        for ink, ground in pairs:
            ratio = contrast_ratio(getattr(colors, ink), getattr(colors, ground))
            if ratio < minimum:
                failures.append(f"{ink} on {ground} has contrast {ratio:.2f}:1, needs {minimum}:1")
    return failures
