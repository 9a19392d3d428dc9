"""The Qt palette and the one style sheet of the desktop, both generated from colour roles.

The sheet's text is `resources/themes/workstation.qss` with `$role` and `$px_name` placeholders; nothing else in the
desktop sets a style sheet. A placeholder without a role is an error at once, not a silent default.
"""

from __future__ import annotations

from dataclasses import fields
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QPalette

from workstation.config.resources import resource_path, resource_text
from workstation.desktop.colors import blend
from workstation.desktop.fonts import FIGURE_FAMILY, UI_FAMILY

if TYPE_CHECKING:
    from workstation.desktop.theme import Theme


SCALED_HEIGHTS = (12, 18, 20, 22)
"""Heights of controls in pixels that grow with their text: `px_tall_N` of the style sheet."""


RING_SPARE_PX, FRAME_SPARE_PX = 2, 1
"""What the ring of a filled button, and the frame of another control, that has the keyboard takes of each side beyond
its usual border.
"""


def qt_stylesheet(theme: Theme) -> str:
    """Return the application style sheet for a theme."""
    colors = theme.colors
    roles = {field.name: getattr(colors, field.name).name() for field in fields(colors)}
    for fill in ("accent", "buy", "sell", "danger"):
        color = getattr(colors, fill)
        ink = getattr(colors, f"on_{fill}")
        roles[f"{fill}_hover"] = blend(colors.text, color, 0.14 if theme.dark else 0.10).name()
        roles[f"{fill}_pressed"] = blend(ink if theme.dark else colors.text, color, 0.22).name()
    sizes = {
        f"px_{field.name}": f"{getattr(part, field.name)}px"
        for part in (theme.type, theme.metrics)
        for field in fields(part)
    }
    sizes |= {f"px_tall_{height}": f"{round(height * theme.text_scale)}px" for height in SCALED_HEIGHTS}
    for name, height, spare in (
        ("ringed", 22, RING_SPARE_PX),
        ("framed", 22, FRAME_SPARE_PX),
        ("framed", 12, FRAME_SPARE_PX),
    ):
        sizes[f"px_{name}_{height}"] = f"{round(height * theme.text_scale) - 2 * spare}px"
    return Template(resource_text("themes", "workstation.qss")).substitute(
        roles,
        **sizes,
        px_half=f"{theme.metrics.grid // 2}px",
        px_double=f"{theme.metrics.grid * 2}px",
        ui_family=UI_FAMILY,
        figure_family=FIGURE_FAMILY,
        glyphs=_glyph_folder(theme),
    )


def qt_palette(theme: Theme) -> QPalette:
    """Return the palette for widgets that ask Qt rather than the style sheet."""
    colors = theme.colors
    role = QPalette.ColorRole
    palette = QPalette()
    for target, color in {
        role.Window: colors.surface,
        role.WindowText: colors.text,
        role.Base: colors.surface_sunken,
        role.AlternateBase: colors.surface,
        role.ToolTipBase: colors.surface_raised,
        role.ToolTipText: colors.text,
        role.Text: colors.text,
        role.PlaceholderText: colors.text_muted,
        role.Button: colors.surface_raised,
        role.ButtonText: colors.text,
        role.BrightText: colors.danger,
        role.Link: colors.accent,
        role.LinkVisited: colors.accent,
        role.Highlight: colors.surface_selected,
        role.HighlightedText: colors.text,
        role.Accent: colors.accent,
        role.Light: colors.surface_hover,
        role.Midlight: colors.surface_hover,
        role.Mid: colors.line,
        role.Dark: colors.line_strong,
        role.Shadow: colors.backdrop,
    }.items():
        palette.setColor(target, color)
    for target in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, colors.text_disabled)
    return palette


def _glyph_folder(theme: Theme) -> str:
    """Return the folder with the small arrows and ticks that a style sheet can only name by file."""
    ground = "dark" if theme.dark else "light"
    return resource_path("themes", "glyphs", ground).as_posix()
