"""Where the ladder's columns and rows lie, in whole pixels, and what is under a point. No painting here."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect

from workstation.viewmodels.ladder_clicks import Column

PRICE_WIDTH = 78
OWN_WIDTH_MIN, OWN_WIDTH_MAX = 44, 104
OWN_SHARE = 0.33
SIZE_WIDTH_MIN = 50
TRADED_WIDTH = 62
PNL_WIDTH = 62
PNL_WIDE_WIDTH = 124
FLOW_WIDTH = 84
PULLED_WIDTH = 66
TRADED_FROM_WIDTH = 350
PNL_FROM_WIDTH = 440
PNL_WIDE_FROM_WIDTH = 520
FLOW_FROM_WIDTH = 600
PULLED_FROM_WIDTH = 680

TITLES = {
    Column.OWN_BID: "MY BIDS",
    Column.BID: "BID",
    Column.PRICE: "PRICE",
    Column.ASK: "ASK",
    Column.OWN_ASK: "MY ASKS",
    Column.TRADED: "VOLUME",
    Column.FLOW: "SOLD×BOT",
    Column.PULLED: "PULL/STK",
    Column.PNL: "P&L",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Left edges and widths of the columns that fit into a width, from left to right."""

    edges: tuple[tuple[Column, int, int], ...]

    def rect(self, column: Column, top: int, height: int) -> QRect:
        """Return a column's cell at a height; an empty rectangle when the column does not fit."""
        for name, left, width in self.edges:
            if name is column:
                return QRect(left, top, width, height)
        return QRect()

    def at(self, x: int) -> Column | None:
        """Return the column under a pixel."""
        for name, left, width in self.edges:
            if left <= x < left + width:
                return name
        return None

    def index(self, column: Column) -> int:
        """Return a column's place from the left.

        Raises:
            ValueError: it does not fit.
        """
        return [name for name, _, _ in self.edges].index(column)

    def width(self, column: Column) -> int:
        """Return a column's width, 0 when it does not fit."""
        return self.rect(column, 0, 1).width()

    def shows(self, column: Column) -> bool:
        """Tell whether a column fits."""
        return any(name is column for name, _, _ in self.edges)


def columns_for(
    width: int, price_width: int, *, pulled: bool = False, both: bool = False, text_scale: float = 1.0
) -> Columns:
    """Lay the columns out: price in its own width, extra columns when there is room, the rest shared.

    pulled: there are pulled and stacked sizes to show; both: P&L wants room for ticks beside money. text_scale: of the
    theme; widths go with it.
    """

    def scaled(pixels: int) -> int:
        return round(pixels * text_scale)

    def extra(pixels: int, from_width: int) -> int:
        return scaled(pixels) if width >= scaled(from_width) else 0

    traded = extra(TRADED_WIDTH, TRADED_FROM_WIDTH)
    pnl = extra(PNL_WIDTH, PNL_FROM_WIDTH)
    if both:
        pnl = max(pnl, extra(PNL_WIDE_WIDTH, PNL_WIDE_FROM_WIDTH))
    flow = extra(FLOW_WIDTH, FLOW_FROM_WIDTH)
    pull = extra(PULLED_WIDTH, PULLED_FROM_WIDTH) if pulled else 0
    least, least_size = scaled(OWN_WIDTH_MIN), scaled(SIZE_WIDTH_MIN)
    taken = traded + flow + pull + pnl
    price = max(min(scaled(PRICE_WIDTH), width - taken - 2 * (least + least_size)), price_width)
    room = max(width - price - taken, 0)
    own = min(max(round(room * OWN_SHARE), least), scaled(OWN_WIDTH_MAX), max(room // 2 - least_size, least))
    if room // 2 < least + least_size:
        own = room // 2 * least // (least + least_size)
    size = max((room - 2 * own) // 2, 0)
    slack = room - 2 * own - 2 * size
    widths = (
        (Column.OWN_BID, own),
        (Column.BID, size),
        (Column.PRICE, price + slack),
        (Column.ASK, size),
        (Column.OWN_ASK, own),
        (Column.TRADED, traded),
        (Column.FLOW, flow),
        (Column.PULLED, pull),
        (Column.PNL, pnl),
    )
    edges, left = [], 0
    for column, column_width in widths:
        if column_width > 0:
            edges.append((column, left, column_width))
            left += column_width
    return Columns(tuple(edges))


@dataclass(frozen=True, slots=True)
class Place:
    """What is under a point: the row's index and price, and the column."""

    row: int
    price: int
    column: Column


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows below a title strip."""

    columns: Columns
    title_height: int
    row_height: int

    def rows_in(self, height: int) -> int:
        """Return how many whole rows fit into a widget's height."""
        return max((height - self.title_height) // self.row_height, 1)

    def row_rect(self, row: int, width: int) -> QRect:
        """Return one row's rectangle."""
        return QRect(0, self.title_height + row * self.row_height, width, self.row_height)

    def place(self, point: QPoint, prices: tuple[int, ...]) -> Place | None:
        """Return what is under a point, None outside the rows."""
        column = self.columns.at(point.x())
        row = (point.y() - self.title_height) // self.row_height
        if column is None or point.y() < self.title_height or row >= len(prices):
            return None
        return Place(row, prices[row], column)
