"""`workstation config`: the settings in force, what another file would change, and putting it in their place.

Offline: a running program shows the change as one from outside and takes it over on consent. `diff` returns 1 where
something would change, like the tool of that name; what is wrong with a file is one readable line and changes nothing.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from workstation.config.paths import find_home
from workstation.config.settings import Settings, load_settings
from workstation.config.settings_file import TRADING, SettingsFile, setting_rows
from workstation.config.start import unknown_words
from workstation.domain.errors import UserError

DIFFERS = 1


def command(arguments: argparse.Namespace) -> int:
    """Run one action, `show` where none is named."""
    return _ACTIONS[arguments.action or "show"](arguments)


def _show(arguments: argparse.Namespace) -> int:
    """Print every setting in force."""
    home = find_home(arguments.home)
    settings = load_settings(home.config_file, arguments.settings)
    defaults = load_settings(None, (), {})
    for section, values in msgspec.to_builtins(settings).items():
        for name, value in values.items():
            mark = "" if value == getattr(getattr(defaults, section), name) else "  (changed)"
            print(f"{section}.{name} = {json.dumps(value)}{mark}")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    """Print what a file would change, or what the settings of home differ in from the defaults."""
    home = find_home(arguments.home)
    now = load_settings(home.config_file, arguments.settings)
    if arguments.file is None:
        before, after = load_settings(None, (), {}), now
    else:
        before, after = now, load_settings(_readable(arguments.file), arguments.settings)
        _warn(Path(arguments.file))
    lines = changes(before, after)
    for line in lines:
        print(line)
    return DIFFERS if lines else 0


def _apply(arguments: argparse.Namespace) -> int:
    """Put a file in the place of the settings file, or with `--dry-run` only say what that would change."""
    home, file = find_home(arguments.home), _readable(arguments.file)
    before = _before(home.config_file)
    lines = changes(before, load_settings(file))
    for line in lines:
        print(line)
    _warn(file)
    if arguments.dry_run:
        print(f"{_count(len(lines))} would change in {home.config_file.name}; nothing was written")
        return 0
    home.create()
    SettingsFile(home.config_file).replace(file.read_text(encoding="utf-8"))
    print(f"{_count(len(lines))} changed in {home.config_file.name}")
    return 0


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {"show": _show, "diff": _diff, "apply": _apply}


def _before(file: Path) -> Settings:
    """Return the settings that a file is compared with: the defaults where the one of home cannot be read."""
    try:
        return load_settings(file)
    except UserError as error:
        print(f"# {error}: compared with the defaults")
        return load_settings(None)


def changes(before: Settings, after: Settings) -> list[str]:
    """Return one line for each setting that differs: both values, when it holds, and whether it disarms hand entry."""
    old = {row.name: row.value for row in setting_rows(before, None, {})}
    lines = []
    for row in setting_rows(after, None, {}):
        if row.value != old[row.name]:
            holds = "from the next start" if row.restart else "at once"
            disarms = "; disarms hand entry" if row.name.startswith(TRADING) else ""
            lines.append(f"{row.name}: {json.dumps(old[row.name])} -> {json.dumps(row.value)}  ({holds}{disarms})")
    return lines


def _warn(file: Path) -> None:
    unknown = unknown_words(file)
    if unknown:
        print(f"# {unknown}")


def _readable(name: str) -> Path:
    path = Path(name)
    try:
        path.read_bytes()
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}") from None
    return path


def _count(number: int) -> str:
    return "1 setting" if number == 1 else f"{number} settings"
