"""Commands are declared once: menu, palette, keys and `GET /commands` are the one registry, both ways.

What is not on a list stands in an exception with its reason, and an exception that no longer holds fails as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar
from pytestqt.qtbot import QtBot

from tests.desktop.test_context_menus import COMMANDS as CONTEXT_MENU_COMMANDS
from tests.helpers.product_rig import CALM, Product, running
from workstation.commands.keymap import KEY_COMMANDS
from workstation.commands.records import RECORDS
from workstation.commands.registry import RunsOn
from workstation.commands.screen import ADD_PANEL, SCREEN_COMMANDS, SHOW_WORKSPACE, WORKSPACE_KEYS
from workstation.config.resources import resource_text
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.shell.hotkeys import bind_name
from workstation.desktop.shell.hotkeys_store import PROFILES
from workstation.desktop.shell.workspaces import SHIPPED
from workstation.viewmodels.hotkey_file import read_hotkeys
from workstation.viewmodels.palette import Sort

NO_KEY_IN_MODAL = dict.fromkeys(
    ("buy_join", "sell_join", "buy_improve", "sell_improve", "buy_take", "sell_take"),
    "the modal profile enters by a held key and a click instead",
)
NO_COMMAND = dict.fromkeys(
    ("click_buy", "click_sell", "click_buy_stop", "click_sell_stop"),
    "a held key with a click: the price is the pointer's, which no menu or script has",
)
NO_COMMAND_IN_MENU = {"no_notes": "a line that says that there are no notes"}


def entries_of(menu: QMenu | QMenuBar) -> dict[str, QAction]:
    """Return every entry of a menu and of those below it, by object name."""
    found: dict[str, QAction] = {}
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            found |= entries_of(below)
        elif not action.isSeparator():
            found[action.objectName()] = action
    return found


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    with running(qtbot, tmp_path, "--api-port", "0", *CALM) as product:
        yield product


def test_menu_palette_keys_and_rest_are_one_registry(product: Product) -> None:
    registry = {command.id: command for command in product.context.bridge.commands.all()}

    palette = {row.name for row in product.desktop.workspace.palette._choices.entries() if row.sort is Sort.COMMAND}
    assert palette == registry.keys()

    with product.http() as http:
        page = http.get("/api/v1/commands", params={"limit": 500}).json()
    offered = {row["id"]: row for row in page["commands"]}
    records = {name for name, command in registry.items() if command.category == RECORDS}
    assert offered.keys() == registry.keys() - records, "records are called by their resources, which check drafts"
    assert all(offered[name]["title"] == registry[name].title for name in offered)
    assert records

    entries = entries_of(product.window.menuBar())
    offered_by_menu = {name for name in entries if "." in name}
    of_screen = {name for name, command in registry.items() if command.runs_on is RunsOn.DESKTOP}
    assert entries.keys() - offered_by_menu == NO_COMMAND_IN_MENU.keys()
    no_place_yet = {f"{SHOW_WORKSPACE}{n}" for n in range(len(SHIPPED) + 1, WORKSPACE_KEYS + 1)}
    assert offered_by_menu == of_screen - no_place_yet
    assert of_screen == {command.id for command in (*KEY_COMMANDS, *SCREEN_COMMANDS)} | {
        f"{ADD_PANEL}{kind}" for kind in PANEL_KINDS
    }
    for name in offered_by_menu:
        shown, title = entries[name].text().partition("\t")[0].replace("&&", "&"), registry[name].title
        if name.startswith(SHOW_WORKSPACE):
            assert shown == SHIPPED[int(name.removeprefix(SHOW_WORKSPACE)) - 1]
        elif name.startswith(ADD_PANEL):
            assert title == f"Open a panel: {shown}"
        else:
            assert shown == title
    keys = product.desktop.workspace.hotkeys
    runs = {bind_name(name) for name in keys.runs} | {bind.id for bind in keys.store.shipped.binds}
    assert {bind_name(name) for name in of_screen} <= runs, "every one of them runs"
    assert registry.keys() >= set(CONTEXT_MENU_COMMANDS), "what a right click offers is in the palette"


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_each_shipped_profile_binds_the_commands_of_the_registry(profile: str) -> None:
    binds = {bind.id for bind in read_hotkeys(resource_text("hotkeys", PROFILES[profile])).binds}
    commands = {bind_name(command.id) for command in KEY_COMMANDS}
    missing, extra = (NO_KEY_IN_MODAL.keys(), NO_COMMAND.keys()) if profile == "modal" else (set(), set())
    assert binds - commands == extra
    assert commands - binds == missing
