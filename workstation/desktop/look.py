"""The look that the settings ask for: theme, colours of rise and fall, density and size of text, made into one theme.

Stands between `config` and `theme`, which knows no settings. Nothing here draws.
"""

from typing import Final

from workstation.config.settings import DesktopSettings
from workstation.desktop.theme import ColorScheme, Density, Theme, load_theme

LOOKS: Final = frozenset(
    {"desktop.theme", "desktop.rising", "desktop.density", "desktop.text_scale", "desktop.flashing"}
)
"""Settings that change the look; all of them at once."""

_SCHEMES: Final = {
    "green": ColorScheme.GREEN_UP,
    "red": ColorScheme.RED_UP,
    "blue": ColorScheme.COLOR_BLIND,
    "orange": ColorScheme.COLOR_BLIND_SWAPPED,
}


def theme_of(settings: DesktopSettings, name: str = "") -> Theme:
    """Return the theme of the settings, or another one by name in the same colours, density and size."""
    return load_theme(
        name or settings.theme,
        scheme=_SCHEMES[settings.rising],
        density=Density[settings.density.upper()],
        text_scale=settings.text_scale,
        flashing=settings.flashing,
    )
