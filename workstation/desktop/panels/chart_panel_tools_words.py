"""What the tools of a chart are called: types, what may be shown, prices, edits of drawings and why one is refused."""

from workstation.viewmodels.chart_adjustment import PriceKind
from workstation.viewmodels.chart_window import ChartType
from workstation.viewmodels.drawings import DrawingKind

CHART_TYPES = {kind.value: kind for kind in ChartType}
VIEWS = {
    "volume": "Volume",
    "profile": "Volume by price",
    "hours": "Trading hours",
    "log": "Logarithmic prices",
    "signals": "Strategy signals",
    "drawings": "Drawings",
    "magnet": "Magnet: snap to prices",
}
"""What the view menu switches, by name."""
VIEWS_ON = frozenset({"volume", "hours", "signals", "drawings", "magnet"})
PRICES = {
    PriceKind.RAW: ("Raw", "Raw prices"),
    PriceKind.SPLITS: ("Adj. splits", "Prices adjusted for splits"),
    PriceKind.TOTAL: ("Adj. all", "Prices adjusted for splits and dividends"),
}
"""What the header says of prices, and the choice in words."""
BOOK_EDITS = {
    "lock": "Lock or unlock the chosen",
    "copy": "Copy the chosen, or all\tCtrl+C",
    "paste": "Paste drawings\tCtrl+V",
    "undo": "Undo drawing",
    "redo": "Redo drawing",
    "clear": "Delete all but locked",
}
REFUSED_EDITS = {
    "lock": "Choose a drawing by a click on its line, then lock it.",
    "copy": "There is no drawing to copy.",
    "paste": "No drawing is on the clipboard: copy one on another chart first.",
}
TOOLS = {kind.value: kind for kind in DrawingKind}
