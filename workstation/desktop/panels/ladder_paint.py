"""Paints ladder rows: texts laid out once and kept, bars and chips as plain rectangles. Never asks the market anything.

Colours are roles of the active theme and always stand with a word, a letter or a shape. A full repaint of sixty rows
stays within 2 ms of CPU; in life only the rows that changed are painted.
"""

from PySide6.QtCore import QLineF, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from workstation.desktop.colors import Colors, blend
from workstation.desktop.fonts import Weight
from workstation.desktop.panels.ladder_columns import TITLES, Columns
from workstation.desktop.panels.ladder_texts import draw_centered, draw_left, draw_right, text_width
from workstation.desktop.theme import current_theme, figure_font, ui_font
from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.ladder_rows import SHARE_ONE, LadderRow

PAD = 6
CHIP_INSET = 2
QUEUE_GAP = 4


class RowPainter:
    """Paints rows in the look of one theme; made anew when the theme changes."""

    def __init__(self) -> None:
        theme = current_theme()
        self.colors: Colors = theme.colors
        self.row_height = theme.metrics.row_compact
        self.title_height = theme.metrics.row
        self.figures = figure_font("body")
        self.figures_bold = figure_font("body", Weight.DemiBold)
        self.small = figure_font("caption")
        self.title_font = ui_font("caption", Weight.Medium)
        colors = self.colors
        depth = 0.30 if theme.dark else 0.24
        self.bid_ground = blend(colors.buy, colors.surface, 0.05)
        self.ask_ground = blend(colors.sell, colors.surface, 0.05)
        self.bid_bar = blend(colors.buy, colors.surface, depth)
        self.ask_bar = blend(colors.sell, colors.surface, depth)
        self.traded_bar = blend(colors.info, colors.surface, depth)
        self.stale_bar = blend(colors.stale, colors.surface, depth)
        self.hatch = blend(colors.stale, colors.surface, 0.22)
        self.hover = blend(colors.text, colors.surface, 0.08)

    def price_width(self, text: str) -> int:
        """Return the width that a price needs."""
        return round(text_width(self.figures_bold, text)) + 4 * PAD

    def titles(self, painter: QPainter, columns: Columns, width: int) -> None:
        """Paint the title strip."""
        colors = self.colors
        painter.fillRect(0, 0, width, self.title_height, colors.surface_raised)
        painter.fillRect(0, self.title_height - 1, width, 1, colors.line)
        painter.setPen(colors.text_muted)
        for column, left, column_width in columns.edges:
            title = TITLES[column]
            if text_width(self.title_font, title) > column_width - 4:
                title = title.removeprefix("MY ")
            draw_centered(painter, self.title_font, QRect(left, 0, column_width, self.title_height - 1), title)

    def row(self, painter: QPainter, row: LadderRow, columns: Columns, rect: QRect, *, stale: bool) -> None:
        """Paint one row, own ground included."""
        top, height = rect.top(), rect.height()
        for column, left, width in columns.edges:
            cell = QRect(left, top, width, height)
            match column:
                case Column.BID:
                    self._depth(painter, cell, row.bid, row.bid_share, stale=stale, bid=True)
                case Column.ASK:
                    self._depth(painter, cell, row.ask, row.ask_share, stale=stale, bid=False)
                case Column.PRICE:
                    self._price(painter, cell, row, stale=stale)
                case Column.OWN_BID:
                    self._own(painter, cell, row.own_bid, row.bid_reject, buy=True)
                case Column.OWN_ASK:
                    self._own(painter, cell, row.own_ask, row.ask_reject, buy=False)
                case Column.TRADED:
                    self._traded(painter, cell, row, stale=stale)
                case Column.PNL:
                    self._pnl(painter, cell, row)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, self.colors.grid)

    def _depth(self, painter: QPainter, cell: QRect, text: str, share: int, *, stale: bool, bid: bool) -> None:
        """Paint a size with its bar, which grows from the price column outward."""
        painter.fillRect(cell, self.colors.surface if stale else self.bid_ground if bid else self.ask_ground)
        if stale:
            self._hatch(painter, cell)
        if not text:
            return
        bar = max((cell.width() - 2) * share // SHARE_ONE, 1)
        left = cell.right() + 1 - bar if bid else cell.left()
        fill = self.stale_bar if stale else self.bid_bar if bid else self.ask_bar
        painter.fillRect(left, cell.top() + 1, bar, cell.height() - 3, fill)
        painter.setPen(self.colors.stale if stale else self.colors.text)
        if bid:
            draw_right(painter, self.figures, cell.adjusted(0, 0, -PAD, 0), text)
        else:
            draw_left(painter, self.figures, cell.adjusted(PAD, 0, 0, 0), text)

    def _hatch(self, painter: QPainter, cell: QRect) -> None:
        painter.setPen(self.hatch)
        step = 12
        painter.drawLines(
            [QLineF(x, cell.bottom(), x + step / 2, cell.top()) for x in range(cell.left() + 2, cell.right() - 4, step)]
        )

    def _price(self, painter: QPainter, cell: QRect, row: LadderRow, *, stale: bool) -> None:
        colors = self.colors
        ground, ink, font = colors.surface_raised, colors.text_muted, self.figures
        if row.touch == "crossed":
            ground, ink, font = colors.warning, colors.on_warning, self.figures_bold
        elif row.last:
            ground, ink, font = colors.surface_selected, colors.text, self.figures_bold
        elif row.touch:
            ink, font = (colors.buy if row.touch == "bid" else colors.sell), self.figures_bold
        if stale:
            ink = colors.stale
        painter.fillRect(cell, ground)
        painter.fillRect(cell.left(), cell.top(), 1, cell.height(), colors.line)
        painter.fillRect(cell.right(), cell.top(), 1, cell.height(), colors.line)
        painter.setPen(ink)
        draw_centered(painter, font, cell, row.text)
        if row.average:
            self._average_mark(painter, cell)

    def _average_mark(self, painter: QPainter, cell: QRect) -> None:
        """Frame the row of the average price; the mark at its left is a diamond, so that it is not colour alone."""
        color = self.colors.series_1
        painter.setPen(QPen(color, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(cell.adjusted(1, 0, -2, -2))
        painter.setBrush(color)
        x, y = cell.left() + 7, cell.center().y()
        painter.drawPolygon([QPoint(x, y - 3), QPoint(x + 3, y), QPoint(x, y + 3), QPoint(x - 3, y)])

    def _own(self, painter: QPainter, cell: QRect, own: OwnCell | None, reject: str, *, buy: bool) -> None:
        painter.fillRect(cell, self.colors.surface)
        if reject:
            mark = cell.adjusted(CHIP_INSET, 2, -CHIP_INSET, -3)
            painter.setPen(self.colors.danger)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(mark.adjusted(0, 0, -1, -1))
            if own is None:
                font, text = self._fitting(("✕ reject", "✕ rej", "✕"), mark.width() - 4)
                draw_left(painter, font, mark.adjusted(PAD - 2, 0, 0, 0), text)
        if own is not None:
            self._chip(painter, cell.adjusted(CHIP_INSET, 1, -CHIP_INSET, -2), own, buy=buy)

    def _chip(self, painter: QPainter, chip: QRect, own: OwnCell, *, buy: bool) -> None:
        """Paint own orders: filled when working, an outline otherwise, dashed while pending, struck when going."""
        colors = self.colors
        base, on_base = (colors.buy, colors.on_buy) if buy else (colors.sell, colors.on_sell)
        tint = colors.buy_tint if buy else colors.sell_tint
        ink = base
        match own.state:
            case "working":
                painter.fillRect(chip, base)
                ink = on_base
            case "unknown":
                painter.fillRect(chip, colors.warning)
                ink = colors.on_warning
            case _:
                painter.fillRect(chip, tint)
                dashed = own.state in ("pending", "pending cancel")
                painter.setPen(QPen(base, 1, Qt.PenStyle.DotLine if dashed else Qt.PenStyle.SolidLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(chip.adjusted(0, 0, -1, -1))
        font, text = self._fitting(_chip_texts(own), chip.width() - 6)
        painter.setPen(ink)
        draw_left(painter, font, chip.adjusted(4, 0, 0, 0), text)
        width = text_width(font, text)
        if own.state == "pending cancel":
            middle = chip.center().y()
            painter.drawLine(chip.left() + 3, middle, round(chip.left() + 5 + width), middle)
        room = chip.width() - 8 - width - QUEUE_GAP
        for queue in (own.queue, own.queue.partition("/")[0]):
            if queue and text_width(self.small, queue) <= room:
                draw_right(painter, self.small, chip.adjusted(0, 0, -4, 0), queue)
                break

    def _fitting(self, texts: tuple[str, ...], width: int) -> tuple[QFont, str]:
        """Return the first text that fits, in the larger font where it does."""
        for text in texts:
            for font in (self.figures_bold, self.small):
                if text_width(font, text) <= width:
                    return font, text
        return self.small, texts[-1]

    def _traded(self, painter: QPainter, cell: QRect, row: LadderRow, *, stale: bool) -> None:
        painter.fillRect(cell, self.colors.surface)
        if row.traded:
            bar = max((cell.width() - 4) * row.traded_share // SHARE_ONE, 1)
            fill = self.stale_bar if stale else self.traded_bar
            painter.fillRect(cell.left() + 2, cell.top() + 1, bar, cell.height() - 3, fill)
        if row.last:
            painter.setPen(self.colors.accent)
            draw_left(painter, self.figures_bold, cell.adjusted(PAD, 0, 0, 0), f"◂ {row.last}")
        elif row.traded:
            painter.setPen(self.colors.stale if stale else self.colors.text_muted)
            draw_left(painter, self.figures, cell.adjusted(PAD, 0, 0, 0), row.traded)

    def _pnl(self, painter: QPainter, cell: QRect, row: LadderRow) -> None:
        colors = self.colors
        painter.fillRect(cell, colors.surface)
        if row.pnl:
            painter.setPen(colors.rise if row.pnl_sign > 0 else colors.fall if row.pnl_sign < 0 else colors.text_muted)
            draw_right(painter, self.figures, cell.adjusted(0, 0, -PAD, 0), row.pnl)

    def pill(self, painter: QPainter, rect: QRect, text: str, ink: QColor, fill: QColor) -> None:
        """Paint a small label on a fill: an edge arrow, or the label of a drag."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(rect, 3, 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(ink)
        draw_centered(painter, self.title_font, rect, text)

    def pill_width(self, text: str) -> int:
        """Return the width of a pill."""
        return round(text_width(self.title_font, text)) + 2 * PAD


def _chip_texts(own: OwnCell) -> tuple[str, ...]:
    """Return what an own order's chip says, from the longest to the shortest form."""
    head = {"unknown": "?", "held here": "PC", "held at broker": "BR"}.get(own.state, "")
    count = f"×{own.count}" if own.count > 1 else ""
    parts = [part for part in (head, own.qty, own.letters, count) if part]
    return " ".join(parts), f"{head}{own.qty}{own.letters}{count}", f"{head}{own.qty}{own.letters}", own.qty
