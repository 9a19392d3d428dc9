"""The look that the settings ask for: theme, colours of rise and fall, density and size of text, made into one theme.

Stands between `config` and `theme`, which knows no settings. Nothing here draws.
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from workstation.config.settings import DesktopSettings
from workstation.desktop.theme import THEME_NAMES, ColorScheme, Density, Theme, load_theme

LOOKS: Final = frozenset(
    {"desktop.theme", "desktop.rising", "desktop.density", "desktop.text_scale", "desktop.flashing", "desktop.screens"}
)
"""Settings that change the look; all of them at once."""

_SCHEMES: Final = {
    "green": ColorScheme.GREEN_UP,
    "red": ColorScheme.RED_UP,
    "blue": ColorScheme.COLOR_BLIND,
    "orange": ColorScheme.COLOR_BLIND_SWAPPED,
}


def on_screen(settings: DesktopSettings, screen: str) -> DesktopSettings:
    """Return the settings as they hold on a screen, by its name: what `screens` says of it goes before the rest."""
    found = (entry.rpartition(":") for entry in settings.screens)
    words = next((text.split() for name, _, text in found if name.strip() == screen), [])
    changes: dict[str, Any] = {
        "density" if word.isalpha() else "text_scale": word if word.isalpha() else float(word) for word in words
    }
    return msgspec.structs.replace(settings, **changes)


def theme_of(settings: DesktopSettings, name: str = "", folder: Path | None = None) -> Theme:
    """Return the theme of the settings, or another one by name in the same colours, density and size.

    folder: where a person's own themes are; a shipped one goes before one of the same name.

    Raises:
        NotFound, ThemeRefused: as `load_theme`.
    """
    wanted = name or settings.theme
    own = None if folder is None or wanted in THEME_NAMES else folder / f"{wanted}.toml"
    return load_theme(
        wanted if own is None else own,
        scheme=_SCHEMES[settings.rising],
        density=Density[settings.density.upper()],
        text_scale=settings.text_scale,
        flashing=settings.flashing,
    )
