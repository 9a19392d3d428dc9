"""The settings of a start: those of the file, or the last good ones where it cannot be read, and why.

A broken file never keeps the program from starting beside open positions. It stays untouched; a text that reads well is
kept beside it for the next time. Mistakes of the environment and the command line are refused as ever.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workstation.config.settings import Settings, load_settings, unknown_names
from workstation.domain.errors import UserError

GOOD_SUFFIX = ".good"


def settings_at_start(
    file: Path, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> tuple[Settings, str]:
    """Return the settings to start with, and one sentence on what is wrong with the file, "" where nothing is.

    Raises:
        UserError: a mistake of the environment or the command line.
    """
    good = file.with_suffix(GOOD_SUFFIX)
    try:
        settings = load_settings(file, overrides, environment)
    except UserError as error:
        load_settings(None, overrides, environment)
        kept, which = _last_good(good, overrides, environment)
        return kept, f"{error}. {which} are in force; the file stays as it is."
    _keep(file, good)
    return settings, unknown_words(file)


def unknown_words(file: Path) -> str:
    """Return one sentence on names of a file that are no settings, "" where there are none.

    Raises:
        UserError: the file cannot be read.
    """
    unknown = unknown_names(file)
    if not unknown:
        return ""
    return f"{file.name} names what is no setting: {', '.join(unknown)}. It is kept and does nothing."


def _last_good(good: Path, overrides: Sequence[str], environment: Mapping[str, str] | None) -> tuple[Settings, str]:
    try:
        if good.exists():
            return load_settings(good, overrides, environment), "The last good settings"
    except UserError:
        pass
    return load_settings(None, overrides, environment), "The defaults"


def _keep(file: Path, good: Path) -> None:
    """Keep a text that reads well; a home that takes no file starts with the defaults if this one breaks."""
    try:
        text = file.read_bytes() if file.exists() else None
        if text is None or (good.exists() and good.read_bytes() == text):
            return
        fresh = good.with_suffix(f"{GOOD_SUFFIX}.new")
        fresh.write_bytes(text)
        fresh.replace(good)
    except OSError:
        return
