"""Where shipped files are: icons, fonts, themes, default hotkeys and layouts.

In a clone they stand beside the package in `resources/`; an installed wheel carries them inside the package.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CANDIDATES = (_PACKAGE.parent / "resources", _PACKAGE / "_resources")


def resource_path(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Raises:
        FileNotFoundError: the installation is incomplete; the text names what is missing.
    """
    for root in _CANDIDATES:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"shipped file {'/'.join(parts)} is missing; the installation is incomplete")


def resource_text(*parts: str) -> str:
    """Return a shipped text file, UTF-8."""
    return resource_path(*parts).read_text(encoding="utf-8")
