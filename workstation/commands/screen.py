"""Commands of the window itself: workspaces, panels, looks and help, declared as everything else a user can do.

Beside the key map, whose commands act on the trade focus. These run on the desktop and reach no engine; their keys act
as menu keys until the key file gives the command, or the chord, another meaning.
"""

from collections.abc import Mapping

from workstation.commands.registry import Command, CommandRegistry, NoParams, RunsOn

CATEGORY_WORKSPACE, CATEGORY_PANEL, CATEGORY_SCREEN = "Workspace", "Panel", "Screen"
WORKSPACE_KEYS = 9
ADD_PANEL = "panel.add_"
SHOW_WORKSPACE = "workspace.show_"

_CATEGORIES = {"workspace": CATEGORY_WORKSPACE, "panel": CATEGORY_PANEL, "screen": CATEGORY_SCREEN}


def _screen(command_id: str, title: str, *keys: str, text: str = "") -> Command[NoParams]:
    """Declare one command of the window."""
    return Command(
        id=command_id,
        title=title,
        category=_CATEGORIES[command_id.partition(".")[0]],
        params=NoParams,
        scope="screen",
        runs_on=RunsOn.DESKTOP,
        keys=keys,
        help=text,
    )


SCREEN_COMMANDS: tuple[Command[NoParams], ...] = (
    *(_screen(f"{SHOW_WORKSPACE}{n}", f"Show workspace {n}", f"Ctrl+{n}") for n in range(1, WORKSPACE_KEYS + 1)),
    _screen("workspace.undo_load", "Undo workspace load", text="Within 30 s: show again what stood before."),
    _screen("workspace.save", "Save workspace now", text="What changed is saved every ten seconds by itself, too."),
    _screen("workspace.save_as", "Save workspace as…", text="Keep the present panels under another name."),
    _screen("workspace.rename", "Rename workspace…", text="The file and its kept versions take the new name."),
    _screen("workspace.restore_yesterday", "Restore yesterday's workspace", text="As an earlier day left it."),
    _screen("workspace.versions", "Earlier versions of the workspace…", text="By what each would change."),
    _screen("workspace.import", "Import workspace…", text="Show the workspace of a file, and keep it."),
    _screen("workspace.export", "Export workspace…", text="Write what is shown to a file of its own."),
    _screen("workspace.new_window", "New window", text="One more window of this workspace."),
    _screen("workspace.lock", "Lock panels", text="Freeze where panels stand; again to set them free."),
    _screen("workspace.reset", "Reset layout", text="Show the shipped layout again."),
    _screen("panel.next", "Next panel", "Ctrl+Tab", text="Moves the keyboard among the panels in sight."),
    _screen("panel.previous", "Previous panel", "Ctrl+Shift+Tab"),
    _screen("panel.next_tab", "Next tab of the area", "Ctrl+PgDown", text="Of the panel with the keyboard."),
    _screen("panel.previous_tab", "Previous tab of the area", "Ctrl+PgUp"),
    _screen("panel.float", "Float panel, or dock it again", text="The panel with the keyboard."),
    _screen("panel.close", "Close panel", "Ctrl+W", text="The panel with the keyboard; it can be reopened."),
    _screen("panel.reopen", "Reopen closed panel", "Ctrl+Shift+T", text="Where it stood, with what it had."),
    _screen("panel.maximise", "Maximise panel, or all again", "Ctrl+Shift+M"),
    _screen(
        "screen.full_screen", "Full screen, or a window again", "F11", text="The window in front, without a frame."
    ),
    _screen("screen.theme_dark", "Dark theme"),
    _screen("screen.theme_light", "Light theme"),
    _screen("screen.theme_high_contrast", "High contrast theme"),
    _screen("screen.theme_copy", "Copy this theme to edit"),
    _screen("screen.acknowledge_notes", "Acknowledge all notes", "Ctrl+Shift+A"),
    _screen("screen.quiet", "Do not disturb", text="Notes are kept, none comes up; again to let them."),
    _screen("screen.leave", "Exit", "Ctrl+Q", text="Asks first where something ends with the program."),
    _screen("screen.start_page", "Where to begin", text="The workspaces to start from, with a picture of each."),
    _screen("screen.tour", "Tour", text="Five cards beside what they speak of."),
)
"""Every command of the window but those that open a panel, in the order of a reference."""


def panel_command(kind: str, title: str) -> Command[NoParams]:
    """Return the command that opens one more panel of a kind."""
    return _screen(f"{ADD_PANEL}{kind}", f"Open a panel: {title}")


def declare_screen(registry: CommandRegistry, kinds: Mapping[str, str]) -> None:
    """Register the window's commands, one for each kind of panel among them; those that are there already stay.

    kinds: the title of each kind of panel.
    """
    known = {command.id for command in registry.all()}
    for command in (*SCREEN_COMMANDS, *(panel_command(kind, title) for kind, title in kinds.items())):
        if command.id not in known:
            registry.add(command)
