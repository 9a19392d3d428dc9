"""The default key map (profile `fn`): what each key asks for, declared as commands like everything a user can do.

First stage of the order walk for a hand on the keyboard. These commands run on the desktop, which turns each into one
engine command on the trade focus; the keys shown in menus, the palette and the reference are these and no others.
A key written twice, `Shift+F9, Shift+F9`, means the same key twice within the double-press time.
"""

from workstation.commands.registry import Command, CommandRegistry, NoParams, RunsOn

CATEGORY_TRADE = "Trade"
CATEGORY_SIZE = "Size"
CATEGORY_VIEW = "View"
SIZE_KEYS = 5

_CATEGORIES = {"trade": CATEGORY_TRADE, "size": CATEGORY_SIZE, "view": CATEGORY_VIEW}
KEY_CATEGORIES = frozenset(_CATEGORIES.values())
"""Categories of the commands whose keys stand in the key file."""


def _key(command_id: str, title: str, *keys: str, reduces: bool = False, text: str = "") -> Command[NoParams]:
    """Declare one key command. reduces: takes risk away, so that its function keys act through fields and menus too."""
    return Command(
        id=command_id,
        title=title,
        category=_CATEGORIES[command_id.partition(".")[0]],
        params=NoParams,
        scope="trade",
        runs_on=RunsOn.DESKTOP,
        keys=keys,
        urgent=reduces,
        help=text,
    )


KEY_COMMANDS: tuple[Command[NoParams], ...] = (
    _key("trade.arm", "Arm hand entry", "Ctrl+F12", text="INCREASE orders by hand need the armed state."),
    _key("trade.disarm", "Disarm hand entry", "F12", reduces=True),
    _key("trade.buy_join", "Buy, joining the bid", "F1"),
    _key("trade.sell_join", "Sell, joining the ask", "F4"),
    _key("trade.buy_improve", "Buy one tick above the bid", "Shift+F1", text="Never crosses the spread."),
    _key("trade.sell_improve", "Sell one tick below the ask", "Shift+F4", text="Never crosses the spread."),
    _key("trade.buy_take", "Buy, taking the ask + 2 ticks", "F2", text="A limit order through the ask."),
    _key("trade.sell_take", "Sell, taking the bid − 2 ticks", "F3", text="A limit order through the bid."),
    _key("trade.risk_long", "Buy sized by risk, stop at the cursor", "F5", text="The stop goes out with the entry."),
    _key("trade.risk_short", "Sell sized by risk, stop at the cursor", "F6", text="The stop goes out with the entry."),
    _key("trade.breakeven", "Stop to breakeven + 1 tick", "F7", reduces=True, text="Never loosens a stop."),
    _key("trade.exit_half", "Exit 50 % of the position", "F8", reduces=True),
    _key("trade.exit_quarter", "Exit 25 % of the position", "Shift+F8", reduces=True),
    _key("trade.flatten", "Flatten the focus", "F9", reduces=True, text="Pressed again it reprices the same exit."),
    _key("trade.flatten_account", "Flatten the account", "Shift+F9, Shift+F9", reduces=True),
    _key("trade.reverse", "Reverse: exit, then enter the other way", "Ctrl+F9, Ctrl+F9", text="Two orders, never one."),
    _key("trade.cancel_working", "Cancel working orders of the focus", "Esc", reduces=True),
    _key("trade.cancel_newest", "Cancel my newest order in the focus", "Backspace", reduces=True),
    _key("trade.cancel_account", "Cancel all orders of the account", "Shift+Esc, Shift+Esc", reduces=True),
    _key("trade.nudge_up", "Move the chosen order, or the newest, up one tick", "Ctrl+Up"),
    _key("trade.nudge_down", "Move the chosen order, or the newest, down one tick", "Ctrl+Down"),
    _key("trade.nudge_up_five", "Move the chosen order, or the newest, up five ticks", "Ctrl+Shift+Up"),
    _key("trade.nudge_down_five", "Move the chosen order, or the newest, down five ticks", "Ctrl+Shift+Down"),
    _key("trade.undo", "Undo the last order action", "Ctrl+Z", text="Cancels, amends back, or stages again."),
    _key("trade.choose_symbol", "Choose the instrument", "Ctrl+L"),
    _key("trade.kill", "Kill switch: all trading off", "Ctrl+Shift+F12, Ctrl+Shift+F12", reduces=True),
    _key("view.palette", "Command palette and order line", "Ctrl+K", text="Orders typed there always stage."),
    _key("view.provenance", "Where the selected order came from", "Ctrl+I"),
    _key("view.read_position", "Read the position aloud", "Ctrl+Shift+P", text="To a screen reader, and as text."),
    _key("view.read_market", "Read the inside market aloud", "Ctrl+Shift+B", text="To a screen reader, and as text."),
    _key("view.read_refusal", "Read the last refusal aloud", "Ctrl+Shift+R", text="To a screen reader, and as text."),
    _key("view.hold_still", "Hold the ladder or table still for reading", "Ctrl+Shift+F", text="Again to go on."),
    _key("view.alert_here", "Create an alert at the pointed price", "Ctrl+Shift+L", text="In a chart or a ladder."),
    _key("size.smaller", "Smaller size", "["),
    _key("size.larger", "Larger size", "]"),
    *(_key(f"size.preset_{n}", f"Size preset {n}", str(n)) for n in range(1, SIZE_KEYS + 1)),
)
"""Every command of the key map, in the order of a menu."""


def declare_keys(registry: CommandRegistry) -> None:
    """Register the key map's commands; those that are registered already stay as they are."""
    known = {command.id for command in registry.all()}
    for command in KEY_COMMANDS:
        if command.id not in known:
            registry.add(command)
