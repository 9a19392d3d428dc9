"""Every panel in every theme looks as it did: compared with stored pictures, by a tolerance that planted faults fail.

After a change that is meant to be seen, `PICTURES_ANEW=1 pytest tests/desktop/test_pictures.py` stores what is shown
now; look at the pictures before they are kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.panel_scenes import SCENES, Shown, shown_panel
from tests.helpers.picture_compare import compared, image_of, pixels_of
from workstation.config.resources import resource_path
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.desktop.picture import painted, with_palette
from workstation.desktop.theme import THEME_NAMES, apply_theme, load_theme

STORED = Path(__file__).parent / "pictures"
TOTAL_BYTES_MAX = 3_000_000
ANEW = bool(os.environ.get("PICTURES_ANEW"))


@pytest.fixture
def show(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    """Return what makes a panel in a theme; all end with the test."""
    made: list[tuple[Shown, DesktopRig]] = []

    def make(kind: str, theme: str | Path = "dark") -> Shown:
        load_fonts()
        apply_theme(qapp, load_theme(theme))
        rig = DesktopRig()
        made.append((shown_panel(kind, rig, tmp_path), rig))
        qtbot.addWidget(made[-1][0].holder)
        return made[-1][0]

    yield make
    for shown, rig in made:
        shown.panel.release()
        rig.stop()
    apply_theme(qapp, load_theme("dark"))


def stored_picture(kind: str, theme: str) -> QImage:
    return QImage(str(STORED / f"{kind}-{theme}.png"))


@pytest.mark.parametrize("theme", THEME_NAMES)
@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_a_panel_looks_as_it_did(kind: str, theme: str, show: Callable[..., Shown], tmp_path: Path) -> None:
    picture = painted(show(kind, theme).holder)
    name = f"{kind}-{theme}.png"
    if ANEW:
        STORED.mkdir(exist_ok=True)
        writer = QImageWriter(str(STORED / name), b"png")
        writer.setCompression(100)
        assert writer.write(with_palette(picture))
    difference = compared(picture, stored_picture(kind, theme))
    if difference:
        picture.save(str(tmp_path / name))
    assert not difference, (
        f"{name}: {difference}; shown now: {tmp_path / name}; if meant: PICTURES_ANEW=1 pytest {__file__}"
    )


def test_there_is_a_picture_for_each_panel_and_theme_and_they_stay_small() -> None:
    files = {file.name: file.stat().st_size for file in STORED.iterdir()}
    assert set(files) == {f"{kind}-{theme}.png" for kind in SCENES for theme in THEME_NAMES}
    assert set(SCENES) == set(PANEL_KINDS)
    assert sum(files.values()) < TOTAL_BYTES_MAX


def test_a_moved_column_is_seen(show: Callable[..., Shown]) -> None:
    shown = show("orders")
    assert isinstance(shown.panel, OrdersPanel)
    header = shown.panel.view.horizontalHeader()
    header.resizeSection(header.logicalIndex(0), header.sectionSize(header.logicalIndex(0)) + 4)
    assert compared(painted(shown.holder), stored_picture("orders", "dark")).tiles > 20


def test_a_lost_word_is_seen(show: Callable[..., Shown]) -> None:
    shown = show("pnl")
    assert isinstance(shown.panel, PnlPanel)
    shown.panel.figures["realised"].setText("")
    QApplication.processEvents()
    assert compared(painted(shown.holder), stored_picture("pnl", "dark"))


def test_another_figure_is_seen(show: Callable[..., Shown]) -> None:
    shown = show("pnl")
    assert isinstance(shown.panel, PnlPanel)
    shown.panel.figures["realised"].setText("−98.76")
    QApplication.processEvents()
    assert compared(painted(shown.holder), stored_picture("pnl", "dark"))


@pytest.mark.parametrize("role", ["rise", "text_muted", "surface"])
def test_another_colour_is_seen(role: str, show: Callable[..., Shown], tmp_path: Path) -> None:
    colors = load_theme("dark").colors
    old = getattr(colors, role)
    new = old.darker(75) if role == "surface" else old.lighter(125)
    text = resource_path("themes", "dark.toml").read_text("utf-8")
    lines = [f'{role} = "{new.name()}"' if line.startswith(f"{role} =") else line for line in text.splitlines()]
    mine = tmp_path / "dark.toml"
    mine.write_text("\n".join(lines), "utf-8")
    assert compared(painted(show("pnl", mine).holder), stored_picture("pnl", "dark"))


def test_the_noise_of_smoothing_is_not_seen() -> None:
    pixels = pixels_of(stored_picture("orders", "dark"))
    noise = np.random.default_rng(1).integers(-16, 17, pixels.shape)
    edges = np.abs(np.diff(pixels, axis=1, append=pixels[:, -1:])).max(axis=2, keepdims=True) > 8
    assert not compared(image_of((pixels + noise * edges).astype(np.int16)), stored_picture("orders", "dark"))
