"""One design language: colour roles, type scale, spacing grid; loaded, checked, applied live.

`load_theme` reads `resources/themes/<name>.toml` (or a user's file), `apply_theme` turns it into one palette, one
style sheet and one default font, and tells custom-painting widgets through `theme_notifier().changed`. A widget never
holds a literal colour or size: it asks `current_theme()` when it paints. This module must not know a panel.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from workstation.config.resources import resource_path
from workstation.desktop.colors import Colors, failed_pairs
from workstation.desktop.fonts import Weight, sized_figure_font, sized_ui_font
from workstation.desktop.stylesheet import qt_palette, qt_stylesheet
from workstation.domain.errors import NotFound, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QFont
    from PySide6.QtWidgets import QApplication, QWidget

THEME_NAMES: Final = ("dark", "light", "high_contrast")
DEFAULT_THEME: Final = "dark"
TEXT_SCALE_MIN: Final = 0.85
TEXT_SCALE_MAX: Final = 1.7

TypeRole = Literal["caption", "body", "emphasis", "title", "display"]
Environment = Literal["sim", "live", "replay"]
LinkGroup = Literal["a", "b", "c", "d", "e", "f", "g", "h"]


class ThemeRefused(UserError):
    """A theme file that is incomplete, malformed or unreadable; the text names the role or pair at fault."""


class ColorScheme(Enum):
    """How rise and fall, buy and sell are told apart. Shape and sign always say it too."""

    GREEN_UP = "green_up"
    RED_UP = "red_up"
    COLOR_BLIND = "color_blind"
    COLOR_BLIND_SWAPPED = "color_blind_swapped"


class Density(Enum):
    """How far rows and controls stand apart: factors of the theme's own heights."""

    COMPACT = 1.0
    NORMAL = 1.15
    RELAXED = 1.35


@dataclass(frozen=True, slots=True)
class TypeScale:
    """Text sizes in pixels."""

    caption: int
    body: int
    emphasis: int
    title: int
    display: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """Distances in pixels; every gap is a multiple of `grid`."""

    grid: int
    row: int
    row_compact: int
    control: int
    bar: int
    radius: int


_Section = TypeVar("_Section", TypeScale, Metrics)


@dataclass(frozen=True, slots=True)
class Theme:
    """Everything that decides how the desktop looks."""

    name: str
    title: str
    dark: bool
    colors: Colors
    type: TypeScale
    metrics: Metrics
    text_scale: float
    flashing: bool = True

    def environment_color(self, environment: Environment) -> QColor:
        """Return the frame colour of SIM, LIVE or REPLAY."""
        color: QColor = getattr(self.colors, environment)
        return color

    def link_color(self, group: LinkGroup) -> QColor:
        """Return the colour of a link group, `a` to `h`."""
        color: QColor = getattr(self.colors, f"link_{group}")
        return color


class ThemeNotifier(QObject):
    """Announces a new theme to widgets that paint themselves.

    Emits: changed(Theme) after palette, style sheet and font are in place.
    """

    changed = Signal(object)


_active: list[Theme] = []


@cache
def theme_notifier() -> ThemeNotifier:
    """Return the one notifier of the process."""
    return ThemeNotifier()


def current_theme() -> Theme:
    """Return the theme last applied, or the default theme before any was."""
    if not _active:
        _active.append(load_theme(DEFAULT_THEME))
    return _active[0]


def load_theme(
    source: str | Path,
    *,
    scheme: ColorScheme = ColorScheme.GREEN_UP,
    density: Density = Density.COMPACT,
    text_scale: float = 1.0,
    flashing: bool = True,
) -> Theme:
    """Read a shipped theme by name, or a user's theme by path, and check it.

    `text_scale` multiplies text, rows and controls together, so that larger text is never clipped; `density` rows and
    controls alone. Without `flashing` nothing lights up for a moment.
    Raises: NotFound for an unknown name; ThemeRefused naming the role, number or pair that is wrong.
    """
    if not TEXT_SCALE_MIN <= text_scale <= TEXT_SCALE_MAX:
        raise ThemeRefused(f"text scale {text_scale} is outside {TEXT_SCALE_MIN} to {TEXT_SCALE_MAX}")
    file = source if isinstance(source, Path) else resource_path("themes") / f"{source}.toml"
    if not file.is_file():
        raise NotFound("theme", file.stem)
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ThemeRefused(f"theme {file.stem!r} is not valid TOML: {error}") from error
    theme = Theme(
        name=file.stem,
        title=str(table.get("title", file.stem)),
        dark=bool(table.get("dark", True)),
        colors=_schemed(_parsed_colors(file.stem, table), scheme),
        type=_scaled(_section(file.stem, "type", table, TypeScale), text_scale),
        metrics=_scaled_metrics(_section(file.stem, "metrics", table, Metrics), text_scale * density.value),
        text_scale=text_scale,
        flashing=flashing,
    )
    failures = failed_pairs(theme.colors)
    if failures:
        raise ThemeRefused(f"theme {file.stem!r} is not readable: {failures[0]}")
    return theme


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Switch the running desktop to `theme`. Repeating it is harmless. Emits: ThemeNotifier.changed."""
    _active[:] = [theme]
    app.setFont(sized_ui_font(theme.type.body))
    app.setPalette(qt_palette(theme))
    app.setStyleSheet(qt_stylesheet(theme))
    theme_notifier().changed.emit(theme)


def ui_font(role: TypeRole = "body", weight: Weight = Weight.Normal) -> QFont:
    """Return the font for words at a step of the current type scale."""
    return sized_ui_font(getattr(current_theme().type, role), weight)


def figure_font(role: TypeRole = "body", weight: Weight = Weight.Normal) -> QFont:
    """Return the monospaced font for figures at a step of the current type scale."""
    return sized_figure_font(getattr(current_theme().type, role), weight)


def use_figure_font(widget: QWidget, role: TypeRole = "body", weight: Weight = Weight.Normal) -> None:
    """Give a widget the font for figures at a step of the type scale; the style sheet keeps it so in every theme."""
    widget.setProperty("figures", role)
    widget.setProperty("figures_bold", weight > Weight.Normal)
    widget.setFont(figure_font(role, weight))


def _parsed_colors(name: str, table: Mapping[str, Any]) -> tuple[Colors, Colors]:
    """Return the colours as written and their colour-blind-safe variant."""
    written = dict(_subtable(name, "colors", table))
    safe = written | dict(_subtable(name, "color_blind", table))
    known = [field.name for field in fields(Colors)]
    for role in safe:
        if role not in known:
            raise ThemeRefused(f"theme {name!r} has an unknown colour role {role!r}")
    return _colors(name, written, known), _colors(name, safe, known)


def _colors(name: str, table: Mapping[str, Any], roles: list[str]) -> Colors:
    parsed = {}
    for role in roles:
        if role not in table:
            raise ThemeRefused(f"theme {name!r} lacks the colour role {role!r}")
        color = QColor.fromString(str(table[role]))
        if not color.isValid():
            raise ThemeRefused(f"theme {name!r}: {role} = {table[role]!r} is not a colour such as #1a2b3c")
        parsed[role] = color
    return Colors(**parsed)


def _schemed(variants: tuple[Colors, Colors], scheme: ColorScheme) -> Colors:
    written, safe = variants
    colors = safe if scheme in {ColorScheme.COLOR_BLIND, ColorScheme.COLOR_BLIND_SWAPPED} else written
    if scheme in {ColorScheme.GREEN_UP, ColorScheme.COLOR_BLIND}:
        return colors
    return replace(
        colors,
        rise=colors.fall,
        fall=colors.rise,
        buy=colors.sell,
        sell=colors.buy,
        on_buy=colors.on_sell,
        on_sell=colors.on_buy,
        buy_tint=colors.sell_tint,
        sell_tint=colors.buy_tint,
    )


def _section(name: str, section: str, table: Mapping[str, Any], kind: type[_Section]) -> _Section:
    written = _subtable(name, section, table)
    known = [field.name for field in fields(kind)]
    for key in written:
        if key not in known:
            raise ThemeRefused(f"theme {name!r} has an unknown entry {section}.{key}")
    for key in known:
        size = written.get(key)
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 64:
            raise ThemeRefused(f"theme {name!r}: {section}.{key} must be a whole number of pixels from 1 to 64")
    return kind(**written)


def _subtable(name: str, section: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
    written = table.get(section)
    if not isinstance(written, dict):
        raise ThemeRefused(f"theme {name!r} lacks the section [{section}]")
    return written


def _scaled(scale: TypeScale, factor: float) -> TypeScale:
    return TypeScale(*(round(getattr(scale, field.name) * factor) for field in fields(scale)))


def _scaled_metrics(metrics: Metrics, factor: float) -> Metrics:
    return replace(
        metrics,
        row=round(metrics.row * factor),
        row_compact=round(metrics.row_compact * factor),
        control=round(metrics.control * factor),
        bar=round(metrics.bar * factor),
    )
