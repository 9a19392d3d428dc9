"""The ladder's drawing area: paints the rows that changed, the marks over them, and says what is under a point.

Last stage of the tick walk. Rows are painted straight from the picture's texts; the view model alone decides what they
say. Gestures are the view's business, not this module's.
"""

from dataclasses import dataclass
from operator import attrgetter

from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from workstation.desktop.colors import with_alpha
from workstation.desktop.panels.ladder_columns import PNL_WIDE_WIDTH, Columns, Grid, Place, columns_for
from workstation.desktop.panels.ladder_paint import RowPainter
from workstation.desktop.theme import current_theme, theme_notifier
from workstation.viewmodels.ladder import Ladder, LadderPicture, OffScreen
from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import Column, Drag
from workstation.viewmodels.ladder_rows import LadderRow
from workstation.viewmodels.ladder_settings import LadderSettings, OwnClick, PnlUnit

ENTRY_COLUMNS = (Column.BID, Column.ASK)
OWN_COLUMNS = (Column.OWN_BID, Column.OWN_ASK)


GHOST_VEIL = 0.6
FLASH_PX = 3


_SAYS = {
    Column.OWN_BID: attrgetter("own_bid", "bid_reject"),
    Column.BID: attrgetter("bid", "bid_share", "bid_large"),
    Column.PRICE: attrgetter("text", "touch", "last", "average", "marks"),
    Column.ASK: attrgetter("ask", "ask_share", "ask_large"),
    Column.OWN_ASK: attrgetter("own_ask", "ask_reject"),
    Column.TRADED: attrgetter("traded", "traded_share", "last"),
    Column.FLOW: attrgetter("flow"),
    Column.PULLED: attrgetter("pulled", "pulled_side"),
    Column.PNL: attrgetter("pnl", "pnl_ticks", "pnl_sign"),
}
"""What of a row stands in each column: a cell is painted again when this differs."""


@dataclass(slots=True)
class HeldOrder:
    """A working order that stays under the pointer. true_row: where its price stands now, None out of view."""

    row: int
    column: Column
    cell: OwnCell
    true_row: int | None


class LadderCanvas(QWidget):
    """Paints one ladder."""

    def __init__(self, ladder: Ladder) -> None:
        super().__init__()
        self.ladder = ladder
        self.drag: Drag | None = None
        self._picture: LadderPicture | None = None
        self._painted: tuple[LadderRow, ...] = ()
        self._painter = RowPainter()
        self._columns = Columns(())
        self._revision = -1
        self._hover: Place | None = None
        self._cursor: tuple[Column, int] | None = None
        self._held: HeldOrder | None = None
        self.dynamic = False
        self.opens_own = False
        self.flashing = False
        self.pnl_both = False
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Price ladder")
        theme_notifier().changed.connect(self._new_theme)

    @property
    def grid(self) -> Grid:
        """Where rows and columns lie now."""
        return Grid(self._columns, self._painter.title_height, self._painter.row_height)

    @property
    def columns(self) -> Columns:
        """The columns that fit now."""
        return self._columns

    @property
    def picture(self) -> LadderPicture | None:
        """What is painted."""
        return self._picture

    @property
    def painted_prices(self) -> tuple[int, ...]:
        """The price of each row as it was painted last, which is what a hand aims at; before that, as rows lie."""
        return tuple(row.price for row in self._painted) or self.ladder.map.prices

    def place_at(self, point: QPoint) -> Place | None:
        """Return the cell that is painted at a point."""
        return self.grid.place(point, self.painted_prices)

    def show_ladder(self, ladder: Ladder) -> None:
        """Show another instrument: drag, cursor and hover end."""
        self.ladder = ladder
        self._hover = self._cursor = self._picture = self._held = None
        self._painted = ()
        self._lay_out()
        self.update()

    def show_flash(self, flashing: bool) -> None:
        """Frame the ladder before a rule moves its rows, unless the theme does without flashes."""
        flashing = flashing and current_theme().flashing
        if flashing != self.flashing:
            self.flashing = flashing
            self.update()

    def take_settings(self, settings: LadderSettings) -> None:
        """Take what settings say about the look: last digits that stand out, room for ticks beside money, following."""
        self.dynamic, self.opens_own = settings.dynamic, settings.own_click is OwnClick.OPEN
        both = settings.pnl is PnlUnit.BOTH
        if (settings.strong_digits, both) != (self._painter.strong_digits, self.pnl_both):
            self._painter.strong_digits, self.pnl_both = settings.strong_digits, both
            self._lay_out()
            self.update()

    def show_picture(self, picture: LadderPicture) -> None:
        """Paint the rows that differ from what is painted."""
        before, self._picture = self._picture, picture
        self._follow_held()
        moved = self._revision != self.ladder.map.revision
        self._revision = self.ladder.map.revision
        same = before is not None and not moved and len(before.rows) == len(picture.rows)
        if before is not None and before.pulling != picture.pulling:
            self._lay_out()
            self.update()
        if before is None or not same or before.health.level != picture.health.level:
            if len(picture.rows) and (before is None or not before.rows):
                self._lay_out()
            self.update()
            return
        edges = before.above != picture.above, before.below != picture.below
        last = len(picture.rows) - 1
        for index, (old, new) in enumerate(zip(before.rows, picture.rows, strict=True)):
            if (edges[0] and index == 0) or (edges[1] and index == last):
                self.update(self.grid.row_rect(index, self.width()))
            elif old != new:
                self._update_cells(index, old, new)

    def _update_cells(self, index: int, old: LadderRow, new: LadderRow) -> None:
        """Repaint the cells of a row that say something else now."""
        top = self._painter.title_height + index * self._painter.row_height
        for column, left, width in self._columns.edges:
            said = _SAYS[column]
            if said(old) != said(new):
                self.update(left, top, width, self._painter.row_height)

    def _lay_out(self) -> None:
        prices = self.ladder.map.prices
        text = "" if not prices else self.ladder.instrument.price_text(max(prices[0], abs(prices[-1])))
        pulled = self._picture is not None and self._picture.pulling
        room = self._painter.price_width(text + ",")
        scale = current_theme().text_scale
        self._columns = columns_for(self.width(), room, pulled=pulled, both=self.pnl_both, text_scale=scale)
        self.ladder.map.resize(self.grid.rows_in(self.height()))
        self.ladder.show_columns(
            pnl=self._columns.shows(Column.PNL),
            pnl_wide=self._columns.width(Column.PNL) >= round(PNL_WIDE_WIDTH * scale),
            pulled=self._columns.shows(Column.PULLED),
        )

    def _new_theme(self, *_: object) -> None:
        digits, self._painter = self._painter.strong_digits, RowPainter()
        self._painter.strong_digits = digits
        self._lay_out()
        self.update()

    def _own_at(self, place: Place) -> OwnCell | None:
        held = self._held
        if held is not None and (held.row, held.column) == (place.row, place.column):
            return held.cell
        rows = () if self._picture is None else self._picture.rows
        row = next((row for row in rows if row.price == place.price), None)  # it may have moved since it was painted
        return None if row is None else _own_of(row, place.column)

    def _hold(self, place: Place | None) -> None:
        """In dynamic mode, keep the working order under the pointer where it is while rows move beneath it."""
        if (
            self._held is not None
            and place is not None
            and (place.row, place.column) == (self._held.row, self._held.column)
        ):
            return
        self._held = None
        cell = self._own_at(place) if self.dynamic and place is not None else None
        if place is not None and cell is not None:
            self._held = HeldOrder(place.row, place.column, cell, place.row)
        self.update()

    def _follow_held(self) -> None:
        """Find the held order again; one that is gone is let go."""
        held, picture = self._held, self._picture
        if held is None or picture is None:
            return
        for row, line in enumerate(picture.rows):
            cell = _own_of(line, held.column)
            if cell is not None and held.cell.ids[0] in cell.ids:
                held.cell, held.true_row = cell, row
                return
        held.true_row = None

    def _edge_at(self, point: QPoint) -> OffScreen | None:
        if self._picture is None or not self._picture.rows:
            return None
        for edge, row in ((self._picture.above, 0), (self._picture.below, len(self._picture.rows) - 1)):
            if edge.jump is not None and self._pill_rect(edge, row).contains(point):
                return edge
        return None

    def _paint_marks(self, painter: QPainter, picture: LadderPicture) -> None:
        """Paint hover, keyboard cursor, drag line and edge arrows over the rows."""
        colors, grid = self._painter.colors, self.grid
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._hover is not None and self._hover.column in (*ENTRY_COLUMNS, *OWN_COLUMNS) and self.drag is None:
            painter.setPen(colors.line_strong)
            painter.drawRect(self.cell_rect(self._hover.column, self._hover.row).adjusted(0, 0, -1, -2))
        cursor_row = None if self._cursor is None else self.ladder.map.row_of(self._cursor[1])
        if self._cursor is not None and cursor_row is not None and self.hasFocus():
            painter.setPen(colors.focus)
            painter.drawRect(self.cell_rect(self._cursor[0], cursor_row).adjusted(0, 0, -1, -2))
        if self._held is not None and self._held.true_row != self._held.row:
            self._paint_held(painter, self._held)
        if self.flashing:
            painter.setPen(QPen(colors.accent, FLASH_PX))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        for edge, row, arrow in ((picture.above, 0, "▲"), (picture.below, len(picture.rows) - 1, "▼")):
            if edge.jump is not None:
                self._painter.pill(
                    painter, self._pill_rect(edge, row), self._edge_text(edge, arrow), colors.on_accent, colors.accent
                )
        if self.drag is not None:
            row_index = self.ladder.map.row_of(self.drag.price)
            if row_index is not None:
                rect = grid.row_rect(row_index, self.width())
                painter.setPen(colors.accent)
                painter.drawRect(rect.adjusted(0, 0, -1, -2))
                text = self.drag.label(self.ladder.instrument)
                width = min(self._painter.pill_width(text), self.width())
                left = self._columns.rect(Column.PRICE, 0, 1).center().x() - width // 2
                pill = QRect(min(max(left, 0), self.width() - width), rect.top() + 1, width, rect.height() - 3)
                self._painter.pill(painter, pill, text, colors.on_accent, colors.accent)

    def _paint_held(self, painter: QPainter, held: HeldOrder) -> None:
        """Paint a held order under the pointer, and turn its true row into a ghost."""
        colors = self._painter.colors
        if held.true_row is not None:
            ghost = self.cell_rect(held.column, held.true_row).adjusted(1, 1, -1, -2)
            painter.fillRect(ghost, with_alpha(colors.surface, GHOST_VEIL))
            painter.setPen(QPen(colors.accent, 1, Qt.PenStyle.DotLine))
            painter.drawRect(ghost)
        cell = self.cell_rect(held.column, held.row)
        painter.fillRect(cell, colors.surface)
        self._painter.chip(painter, cell.adjusted(2, 1, -2, -2), held.cell, buy=held.column is Column.OWN_BID)
        painter.setPen(colors.accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(cell.adjusted(0, 0, -1, -2))

    def cell_rect(self, column: Column, row: int) -> QRect:
        """Return where a cell lies; empty when its column does not fit."""
        rect = self.grid.row_rect(row, self.width())
        return self._columns.rect(column, rect.top(), rect.height())

    def _pill_rect(self, edge: OffScreen, row: int) -> QRect:
        rect = self.grid.row_rect(row, self.width())
        width = self._painter.pill_width(self._edge_text(edge, "▲"))
        prices = self._columns.rect(Column.PRICE, 0, 1)
        left = prices.left() + (prices.width() - width) // 2
        return QRect(max(min(left, self.width() - width), 0), rect.top() + 1, width, rect.height() - 3)

    def _edge_text(self, edge: OffScreen, arrow: str) -> str:
        """Return what lies beyond an edge, in the longest words that the price column has room for."""
        forms = [_edge_text(edge, arrow, words) for words in _EDGE_WORDS]
        room = self._columns.rect(Column.PRICE, 0, 1).width()
        fitting = (form for form in forms if self._painter.pill_width(form) <= room)
        return next(fitting, forms[-1])

    # Qt overrides

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows of the exposed region."""
        painter = QPainter(self)
        colors, region = self._painter.colors, event.region()
        self._painter.titles(painter, self._columns, self.width())
        picture = self._picture
        rows = self._painted = () if picture is None else picture.rows
        stale = picture is not None and picture.health.level == "stale"
        grid = self.grid
        whole = region.rectCount() == 1 and region.boundingRect().contains(self.rect())
        rects = [grid.row_rect(index, self.width()) for index in range(len(rows))]
        exposed = [(row, rect.top()) for row, rect in zip(rows, rects, strict=True) if whole or region.intersects(rect)]
        self._painter.rows(painter, exposed, self._columns, stale=stale, region=None if whole else region)
        below = self._painter.title_height + len(rows) * self._painter.row_height
        painter.fillRect(0, below, self.width(), self.height() - below, colors.surface)
        if picture is not None and rows:
            self._paint_marks(painter, picture)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit columns and rows into the new size; the top price stays."""
        self._lay_out()

    def event(self, event: QEvent) -> bool:
        """Answer tool tips from the cell under the pointer."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(event.pos()), self)
            return True
        return super().event(event)

    def _tip(self, point: QPoint) -> str:
        edge = self._edge_at(point)
        if edge is not None:
            where = "above" if self._picture is not None and edge is self._picture.above else "below"
            return f"{', '.join(_edge_parts(edge, _EDGE_WORDS[0])).capitalize()} {where}. Click to go there."
        place = self.place_at(point)
        if place is None or self._picture is None or place.row >= len(self._picture.rows):
            return ""
        row, own = self._picture.rows[place.row], self._own_at(place)
        reject = row.bid_reject if place.column is Column.OWN_BID else row.ask_reject
        if own is None:
            return f"Rejected: {reject}. Click to acknowledge." if reject and place.column in OWN_COLUMNS else ""
        noun = "order" if own.count == 1 else "orders"
        what = "opens" if self.opens_own else "cancels"
        place_text = f" Queue {own.queue} (ahead/total; ~ estimated)." if own.queue else ""
        by = f", by a {own.by}" if own.by else ""
        return (
            f"{own.count} {noun}, {own.qty} {own.letters}, {own.state}{by}.{place_text} "
            f"Click {what} the newest, Ctrl+click cancels all; drag moves it; middle click edits."
        )


_EDGE_WORDS = (
    ("market", " order", "s", "position"),
    ("mkt", " ord", "", "pos"),
    ("mkt", "", "", "pos"),
    ("m", "", "", "p"),
)
"""What lies beyond an edge, in ever less room; hovering says it in full."""


def _edge_text(edge: OffScreen, arrow: str, words: tuple[str, str, str, str]) -> str:
    return " ".join([arrow, *_edge_parts(edge, words)])


def _edge_parts(edge: OffScreen, words: tuple[str, str, str, str]) -> list[str]:
    market, order, plural, position = words
    orders = f"{edge.orders}{order}" + (plural if edge.orders > 1 else "") if edge.orders else ""
    return [part for part in (market if edge.market else "", orders, position if edge.position else "") if part]


def _own_of(row: LadderRow, column: Column) -> OwnCell | None:
    return row.own_bid if column is Column.OWN_BID else row.own_ask if column is Column.OWN_ASK else None
