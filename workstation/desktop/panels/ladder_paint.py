"""Paints ladder rows: texts laid out once and kept, bars and chips as plain rectangles. Never asks the market anything.

Colours are roles of the active theme and always stand with a word, a letter or a shape. A full repaint of sixty rows
stays within 2 ms of CPU; in life only the rows that changed are painted.
"""

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QRegion

from workstation.desktop.colors import Colors, blend
from workstation.desktop.fonts import Weight, sized_figure_font
from workstation.desktop.panels.ladder_columns import Columns
from workstation.desktop.panels.ladder_texts import TextFace
from workstation.desktop.panels.ladder_titles import TitleStrip
from workstation.desktop.theme import current_theme, figure_font, ui_font
from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import Column
from workstation.viewmodels.ladder_rows import SHARE_ONE, LadderRow

THOUSANDS_DIGITS, TENTHS_MAX = 4, 100
PAD, PAD_LEAST = 6, 2
CUT = "…"
"""What stands where not even the shortest form of a figure has room: a cut one would be read as another."""
CHIP_TEXT_INSET, LEAST_INSET = 4, 1
"""Where the words of an own order's chip begin, and where those in the least letters do."""
CHIP_INSET = 2
QUEUE_GAP = 4
HATCH_STEP = 12
LARGE_RULE = 2
MARK_INSET = 4

Cells = Sequence[tuple[LadderRow, QRect]]


class RowPainter:
    """Paints rows in the look of one theme; made anew when the theme changes."""

    def __init__(self) -> None:
        theme = current_theme()
        self.strong_digits = 0
        self.colors: Colors = theme.colors
        self.row_height = theme.metrics.row_compact
        self._titles = TitleStrip()
        self.title_height = self._titles.height
        self.figures = TextFace(figure_font("body"))
        self.figures_bold = TextFace(figure_font("body", Weight.DemiBold))
        self.small = TextFace(figure_font("caption"))
        self.least = TextFace(sized_figure_font(round(theme.type.caption / max(theme.text_scale, 1)), Weight.DemiBold))
        self.words = TextFace(ui_font("caption", Weight.Medium))
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
        return round(self.figures_bold.width(text)) + 4 * PAD

    def titles(self, painter: QPainter, columns: Columns, width: int) -> None:
        """Paint the title strip."""
        self._titles.paint(painter, columns, width)

    def rows(
        self,
        painter: QPainter,
        rows: Sequence[tuple[LadderRow, int]],
        columns: Columns,
        *,
        stale: bool,
        region: QRegion | None = None,
    ) -> None:
        """Paint rows, each with its top, ground included; by column, so that pens and fonts seldom change.

        region: only cells that it touches; None for all.
        """
        for column, left, width in columns.edges:
            cells = [(row, QRect(left, top, width, self.row_height)) for row, top in rows]
            if region is not None:
                cells = [(row, cell) for row, cell in cells if region.intersects(cell)]
            runs = _runs([cell.y() for _, cell in cells], self.row_height)
            grounds = [QRect(left, top, width, height) for top, height in runs]
            self._fill(painter, grounds, self._ground(column, stale=stale))
            match column:
                case Column.BID | Column.ASK:
                    self._depths(painter, cells, stale=stale, bid=column is Column.BID)
                case Column.PRICE:
                    self._prices(painter, cells, stale=stale)
                case Column.OWN_BID | Column.OWN_ASK:
                    self._owns(painter, cells, buy=column is Column.OWN_BID)
                case Column.TRADED:
                    self._traded(painter, cells, stale=stale)
                case Column.FLOW:
                    self._flows(painter, cells, stale=stale)
                case Column.PULLED:
                    self._pulled(painter, cells, stale=stale)
                case Column.PNL:
                    self._pnls(painter, cells)
        total = sum(width for _, _, width in columns.edges)
        self._fill(painter, [QRect(0, top + self.row_height - 1, total, 1) for _, top in rows], self.colors.grid)

    def _fill(self, painter: QPainter, rects: list[QRect], color: QColor) -> None:
        """Fill many rectangles in one call."""
        if rects:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRects(rects)

    def _ground(self, column: Column, *, stale: bool) -> QColor:
        if column is Column.PRICE:
            return self.colors.surface_raised
        if stale or column not in (Column.BID, Column.ASK):
            return self.colors.surface
        return self.bid_ground if column is Column.BID else self.ask_ground

    def _depths(self, painter: QPainter, cells: Cells, *, stale: bool, bid: bool) -> None:
        """Paint sizes with their bars, which grow from the price column outward."""
        if stale:
            self._hatch(painter, cells)
        bars: list[QRect] = []
        texts: list[tuple[str, QRect]] = []
        large: list[tuple[str, QRect]] = []
        for row, cell in cells:
            text, share = (row.bid, row.bid_share) if bid else (row.ask, row.ask_share)
            if text:
                bar = max((cell.width() - 2) * share // SHARE_ONE, 1)
                left = cell.x() + cell.width() - bar if bid else cell.x()
                bars.append(QRect(left, cell.y() + 1, bar, cell.height() - 3))
                (large if (row.bid_large if bid else row.ask_large) else texts).append((text, cell))
        self._fill(painter, bars, self.stale_bar if stale else self.bid_bar if bid else self.ask_bar)
        painter.setPen(self.colors.stale if stale else self.colors.text)
        for whole, sizes in ((self.figures, texts), (self.figures_bold, large)):
            room = min((cell.width() for _, cell in sizes), default=0) - PAD_LEAST - 1
            face = whole if all(whole.width(text) <= room for text, _ in sizes) else self.small
            face.use(painter)
            for exact, cell in sizes:
                text = next((form for form in size_forms(exact) if face.width(form) <= room), CUT)
                pad = min(PAD, max(cell.width() - 1 - round(face.width(text)), PAD_LEAST))
                if bid:
                    face.right(painter, cell.adjusted(0, 0, -pad, 0), text)
                else:
                    face.left(painter, cell.adjusted(pad, 0, 0, 0), text)
        self._underline(painter, [cell for _, cell in large])

    def _underline(self, painter: QPainter, cells: Sequence[QRect]) -> None:
        """Rule a line under large sizes, so that weight is not the only sign."""
        lines = [cell.adjusted(PAD, cell.height() - LARGE_RULE - 1, -PAD, -1) for cell in cells]
        self._fill(painter, lines, self.colors.accent)

    def _hatch(self, painter: QPainter, cells: Cells) -> None:
        """Hatch stale cells, so that grey is not the only sign."""
        painter.setPen(self.hatch)
        lines = [
            QLineF(x, cell.bottom(), x + HATCH_STEP / 2, cell.top())
            for _, cell in cells
            for x in range(cell.left() + 2, cell.right() - 4, HATCH_STEP)
        ]
        if lines:
            painter.drawLines(lines)

    def _prices(self, painter: QPainter, cells: Cells, *, stale: bool) -> None:
        colors = self.colors
        edges = [QRect(x, cell.y(), 1, cell.height()) for _, cell in cells for x in (cell.left(), cell.right())]
        self._fill(painter, edges, colors.line)
        plain = [(row, cell) for row, cell in cells if not (row.touch or row.last)]
        marked = [(row, cell) for row, cell in cells if row.touch or row.last]
        painter.setPen(colors.stale if stale else colors.text_muted)
        self.figures.use(painter)
        for row, cell in plain:
            self.figures.centre(painter, cell, row.text)
        if self.strong_digits:
            self._strengthen(painter, plain, stale=stale)
        for row, cell in marked:
            self._marked_price(painter, cell, row, stale=stale)
        for row, cell in cells:
            if row.average:
                self._average_mark(painter, cell)
            if row.marks:
                self._order_marks(painter, cell, row.marks)

    def _strengthen(self, painter: QPainter, cells: Cells, *, stale: bool) -> None:
        """Paint the last digits of prices again, bold in the colour of text; figures of both weights are as wide."""
        painter.setPen(self.colors.stale if stale else self.colors.text)
        self.figures_bold.use(painter)
        for row, cell in cells:
            text = row.text[-self.strong_digits :]
            right = round(cell.center().x() + self.figures.width(row.text) / 2) + 1
            width = round(self.figures_bold.width(text))
            place = QRect(right - width, cell.y(), width, cell.height())
            painter.fillRect(place.adjusted(0, 0, 0, -1), self._ground(Column.PRICE, stale=stale))
            self.figures_bold.right(painter, place, text)

    def _marked_price(self, painter: QPainter, cell: QRect, row: LadderRow, *, stale: bool) -> None:
        """Paint the price of the inside, the last trade or a crossed book."""
        colors = self.colors
        ink = colors.text
        if row.touch == "crossed":
            painter.fillRect(cell, colors.warning)
            ink = colors.on_warning
        elif row.last and not stale:
            painter.fillRect(cell.adjusted(1, 0, -1, 0), colors.surface_selected)
        else:
            ink = colors.buy if row.touch == "bid" else colors.sell
        painter.setPen(colors.stale if stale and row.touch != "crossed" else ink)
        self.figures_bold.use(painter)
        self.figures_bold.centre(painter, cell, row.text)

    def _average_mark(self, painter: QPainter, cell: QRect) -> None:
        """Frame the row of the average price; the mark at its left is a diamond, so that it is not colour alone."""
        color = self.colors.series_1
        painter.setPen(QPen(color, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(cell.adjusted(1, 0, -2, -2))
        painter.setBrush(color)
        x, y = cell.left() + 7, cell.center().y()
        painter.drawPolygon([QPoint(x, y - 3), QPoint(x + 3, y), QPoint(x, y + 3), QPoint(x - 3, y)])

    def _order_marks(self, painter: QPainter, cell: QRect, marks: str) -> None:
        """Write E, S or T at the right of a price: its row is that of an entry, stop or target; the gravest one."""
        mark = next(mark for mark in "STE" if mark in marks)
        ink = {"S": self.colors.danger, "T": self.colors.rise, "E": self.colors.accent}[mark]
        painter.setPen(ink)
        self.words.use(painter)
        self.words.right(painter, cell.adjusted(0, 0, -MARK_INSET, 0), mark)

    def _owns(self, painter: QPainter, cells: Cells, *, buy: bool) -> None:
        for row, cell in cells:
            own, reject = (row.own_bid, row.bid_reject) if buy else (row.own_ask, row.ask_reject)
            if reject:
                self._reject(painter, cell.adjusted(CHIP_INSET, 2, -CHIP_INSET, -3), alone=own is None)
            if own is not None:
                self.chip(painter, cell.adjusted(CHIP_INSET, 1, -CHIP_INSET, -2), own, buy=buy)

    def _reject(self, painter: QPainter, mark: QRect, *, alone: bool) -> None:
        painter.setPen(self.colors.danger)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(mark.adjusted(0, 0, -1, -1))
        if alone:
            face, text = self._fitting(("✕ reject", "✕ rej", "✕"), mark.width() - 4)
            face.use(painter)
            face.left(painter, mark.adjusted(PAD - 2, 0, 0, 0), text)

    def chip(self, painter: QPainter, chip: QRect, own: OwnCell, *, buy: bool) -> None:
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
        face, text = self._fitting(_chip_texts(own), chip.width() - 6)
        painter.setPen(ink)
        face.use(painter)
        face.left(painter, chip.adjusted(LEAST_INSET if face is self.least else CHIP_TEXT_INSET, 0, 0, 0), text)
        width = face.width(text)
        if own.state == "pending cancel":
            middle = chip.center().y()
            painter.drawLine(chip.left() + 3, middle, round(chip.left() + 5 + width), middle)
        room = chip.width() - 8 - width - QUEUE_GAP
        for queue in (own.queue, own.queue.partition("/")[0]):
            if queue and self.small.width(queue) <= room:
                self.small.use(painter)
                self.small.right(painter, chip.adjusted(0, 0, -4, 0), queue)
                break

    def _fitting(self, texts: tuple[str, ...], width: int) -> tuple[TextFace, str]:
        """Return the first text that fits, in the larger face where it does; least letters are better than none."""
        for text in texts:
            for face in (self.figures_bold, self.small):
                if face.width(text) <= width:
                    return face, text
        room = width + 2 * (CHIP_TEXT_INSET - LEAST_INSET)
        found = next((text for text in texts if self.least.width(text) <= room), "")
        return (self.least, found) if found else (self.small, CUT)

    def _traded(self, painter: QPainter, cells: Cells, *, stale: bool) -> None:
        bars = []
        for row, cell in cells:
            if row.traded:
                bar = max((cell.width() - 4) * row.traded_share // SHARE_ONE, 1)
                bars.append(QRect(cell.x() + 2, cell.y() + 1, bar, cell.height() - 3))
        self._fill(painter, bars, self.stale_bar if stale else self.traded_bar)
        painter.setPen(self.colors.stale if stale else self.colors.text_muted)
        self.figures.use(painter)
        for row, cell in cells:
            if row.traded and not row.last:
                self.figures.left(painter, cell.adjusted(PAD, 0, 0, 0), row.traded)
        for row, cell in cells:
            if row.last:
                painter.setPen(self.colors.stale if stale else self.colors.accent)
                self.figures_bold.use(painter)
                self.figures_bold.left(painter, cell.adjusted(PAD, 0, 0, 0), f"◂ {row.last}")

    def _flows(self, painter: QPainter, cells: Cells, *, stale: bool) -> None:
        painter.setPen(self.colors.stale if stale else self.colors.text)
        self.small.use(painter)
        for row, cell in cells:
            if row.flow:
                self.small.right(painter, cell.adjusted(0, 0, -PAD, 0), row.flow)

    def _pulled(self, painter: QPainter, cells: Cells, *, stale: bool) -> None:
        """Write what each level gained or lost otherwise than by trades, in the colour of its side."""
        colors = self.colors
        self.small.use(painter)
        for side, ink in ((1, colors.buy), (-1, colors.sell)):
            painter.setPen(colors.stale if stale else ink)
            for row, cell in cells:
                if row.pulled and row.pulled_side == side:
                    self.small.right(painter, cell.adjusted(0, 0, -PAD, 0), row.pulled)

    def _pnls(self, painter: QPainter, cells: Cells) -> None:
        colors = self.colors
        self.figures.use(painter)
        for sign, ink in ((1, colors.rise), (-1, colors.fall), (0, colors.text_muted)):
            painter.setPen(ink)
            for row, cell in cells:
                if row.pnl and row.pnl_sign == sign:
                    self.figures.right(painter, cell.adjusted(0, 0, -PAD, 0), row.pnl)
        self.small.use(painter)
        painter.setPen(colors.text_muted)
        for row, cell in cells:
            if row.pnl_ticks:
                self.small.left(painter, cell.adjusted(PAD, 0, 0, 0), row.pnl_ticks)

    def pill(self, painter: QPainter, rect: QRect, text: str, ink: QColor, fill: QColor) -> None:
        """Paint a small label on a fill: an edge arrow, or the label of a drag."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(rect, 3, 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(ink)
        self.words.use(painter)
        self.words.centre(painter, rect, text)

    def pill_width(self, text: str) -> int:
        """Return the width of a pill."""
        return round(self.words.width(text)) + 2 * PAD


def size_forms(text: str) -> tuple[str, ...]:
    """Return a size as it is, then in ever less room: a cut number would be read as another one."""
    short = in_thousands(text)
    return text, short, f"{short.partition('.')[0]}k" if "." in short else short


def in_thousands(text: str) -> str:
    """Return a size in whole or tenths of thousands, rounded down: a cut number would be read as another one."""
    digits = text.replace(",", "")
    if not digits.isdigit() or len(digits) < THOUSANDS_DIGITS:
        return text
    tenths = int(digits) // 100
    return f"{tenths // 10}k" if tenths >= TENTHS_MAX else f"{tenths // 10}.{tenths % 10}k"


def _runs(tops: list[int], height: int) -> list[tuple[int, int]]:
    """Return rows that touch as (top, height) of one rectangle each."""
    runs: list[tuple[int, int]] = []
    for top in tops:
        if runs and runs[-1][0] + runs[-1][1] == top:
            runs[-1] = (runs[-1][0], runs[-1][1] + height)
        else:
            runs.append((top, height))
    return runs


def _chip_texts(own: OwnCell) -> tuple[str, ...]:
    """Return what an own order's chip says, from the longest to the shortest form; `*` stands for a script."""
    head = {"unknown": "?", "held here": "PC", "held at broker": "BR"}.get(own.state, "")
    count = f"×{own.count}" if own.count > 1 else ""
    letters = own.letters + ("*" if own.by else "")
    spelled = (f"{head} {own.qty} {own.letters} {count} {own.by}",) if own.by else ()
    forms = (*spelled, f"{head} {own.qty} {letters} {count}")
    return (
        *(" ".join(form.split()) for form in forms),
        f"{head}{own.qty}{letters}{count}",
        f"{head}{own.qty}{letters}",
        *size_forms(own.qty),
    )
