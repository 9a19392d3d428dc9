"""Widths of a table's columns: designed in digits, shared out where some are flexible, kept where a person set them.

Last stage of both walks. A width that is set by hand sticks until the widths are reset; what this code sets for want
or wealth of room is not taken for one.
"""

from typing import Any

from PySide6.QtWidgets import QTableView

from workstation.desktop.cell_painting import PADDING_PX, CellPaint
from workstation.desktop.tables import ColumnModel

COLUMN_WIDTH_MIN_PX = 20
FLEXIBLE_TIMES_MAX = 2
"""How many times its designed width a flexible column grows to, where another one takes what is left over."""
Settings = dict[str, str | int | float | bool | list[str | int]]


class FittedColumns(QTableView):
    """A table whose columns have designed widths, some of them more where there is room."""

    def __init__(self, model: ColumnModel[Any]) -> None:
        super().__init__()
        self.columns = model
        self.cell_paint = CellPaint()
        self._flexible: tuple[int, ...] = ()
        self._overflow = -1
        self._lent: set[int] = set()
        self._by_hand: set[int] = set()
        self._is_setting = False

    def set_flexible(self, *names: str, overflow: str = "") -> None:
        """Let columns share what the last whole one leaves, so that none is cut at the edge of the view.

        overflow: the column that takes what is left over once the others have twice their designed width and every
        column has room. One whose width a person sets takes part no more.
        """
        self._flexible = tuple(self.columns.column_named(name) for name in names)
        self._overflow = self.columns.column_named(overflow) if overflow else -1
        header = self.horizontalHeader()
        header.setStretchLastSection(False)
        for number in range(header.count()):
            if header.isSectionHidden(number):  # a hidden last section has got room with that
                self.showColumn(number)
                self.hideColumn(number)
        header.sectionResized.connect(self._on_resized)
        header.sectionMoved.connect(self._fit_flexible)
        self._fit_flexible()

    def reset_widths(self) -> None:
        """Give every column its designed width."""
        self._by_hand.clear()
        for number, column in enumerate(self.columns.table.columns):
            self.setColumnHidden(number, column.width == 0 or column.hidden)
            self.setColumnWidth(number, self._designed_width(number))

    def save_widths(self) -> Settings:
        """Return order and widths of columns, 0 for a hidden one; the digit they are measured by; those set by hand."""
        header, columns = self.horizontalHeader(), self.columns.table.columns
        order = [header.logicalIndex(place) for place in range(header.count())]
        by_hand: list[str | int] = [columns[number].name for number in order if number in self._by_hand]
        kept: Settings = {
            "columns": [columns[number].name for number in order],
            "widths": [self._kept_width(n) if not self.isColumnHidden(n) else 0 for n in order],
            "digit_px": self.cell_paint.digit,
        }
        return kept | ({"by_hand": by_hand} if by_hand else {})

    def restore_widths(self, settings: Settings) -> None:
        """Take them back; unknown columns are ignored, columns that are new since keep their place and width."""
        names, widths, by_hand = (settings.get(key) for key in ("columns", "widths", "by_hand"))
        known = {column.name: number for number, column in enumerate(self.columns.table.columns)}
        header, digit = self.horizontalHeader(), settings.get("digit_px")
        scale = self.cell_paint.digit / digit if isinstance(digit, float) and digit > 0 else 1.0
        if not isinstance(names, list) or not isinstance(widths, list) or len(names) != len(widths):
            return
        self._by_hand = (
            {known[str(name)] for name in by_hand if str(name) in known} if isinstance(by_hand, list) else set()
        )
        place = 0
        for name, width in zip(names, widths, strict=True):
            number = known.get(str(name))
            if number is None or not isinstance(width, int):
                continue
            header.moveSection(header.visualIndex(number), place)
            place += 1
            self.setColumnHidden(number, width <= 0)
            if width > 0:
                self.setColumnWidth(number, max(round(width * scale), COLUMN_WIDTH_MIN_PX))
        self._fit_flexible()

    def scale_widths(self, digit: float) -> None:
        """Follow another size of type; digit: the width in pixels that columns were measured by before."""
        for number, column in enumerate(self.columns.table.columns):
            if column.width:
                self.setColumnWidth(number, self._width_since(number, digit))
        self._fit_flexible()

    def _designed_width(self, number: int, digit: float | None = None) -> int:
        measure = self.cell_paint.digit if digit is None else digit
        return round(self.columns.table.columns[number].width * measure) + 2 * PADDING_PX

    def _kept_width(self, number: int) -> int:
        fitted = number in self._flexible or number == self._overflow or number in self._lent
        is_designed = fitted and number not in self._by_hand
        return self._designed_width(number) if is_designed else self.horizontalHeader().sectionSize(number)

    def _width_since(self, number: int, digit: float) -> int:
        """Return a column's width now that another digit measures it.

        One that is hidden, or has all that is left, has its designed width again.
        """
        width, header = self.columnWidth(number), self.horizontalHeader()
        has_rest = header.stretchLastSection() and header.visualIndex(number) == header.count() - 1
        if self.isColumnHidden(number) or has_rest or width == self._designed_width(number, digit):
            return self._designed_width(number)
        return round((width - 2 * PADDING_PX) * self.cell_paint.digit / digit) + 2 * PADDING_PX

    def _fit_flexible(self, *_: object) -> None:
        header = self.horizontalHeader()
        shown = [n for n in self._flexible if n not in self._by_hand and not header.isSectionHidden(n)]
        is_bounded = self._overflow >= 0 and self._overflow not in self._by_hand
        takes_rest = is_bounded and not header.isSectionHidden(self._overflow)
        if not shown and not takes_rest:
            return
        least = {number: self._designed_width(number) for number in shown}
        view_px = self.viewport().width()
        room, is_short = view_px - sum(least.values()), False
        for place in range(header.count()):
            number = header.logicalIndex(place)
            if number not in least and not header.isSectionHidden(number):
                is_short = self._kept_width(number) > room
                if is_short:
                    break
                room -= self._kept_width(number)
        room = max(room, 0)
        share, rest = divmod(room, len(shown)) if shown else (0, room)
        left_over = 0 if shown or is_short else room
        for place, number in enumerate(shown):
            width = least[number] + share + (rest if place == 0 else 0)
            most = FLEXIBLE_TIMES_MAX * least[number] if is_bounded and not is_short else width
            self.setColumnWidth(number, min(width, most))
            left_over += max(width - most, 0)
        if takes_rest:
            self.setColumnWidth(self._overflow, self._designed_width(self._overflow) + left_over)
        self.updateGeometries()  # what scrolls follows all of them at once, not each with its own delay
        if self.viewport().width() < view_px:  # a bar that scrolls rows has come meanwhile, and takes its width
            self._fit_flexible()

    def _on_resized(self, number: int, before: int, now: int) -> None:
        if number in self._flexible or number == self._overflow or number in self._lent:
            is_by_hand = bool(before and now) and not self._is_setting  # 0 is that of a hidden one
            if not is_by_hand:
                return
            self._by_hand.add(number)
        self._fit_flexible()

    # Qt overrides

    def setColumnWidth(self, column: int, width: int) -> None:
        """Set a width that nobody set by hand."""
        is_outermost, self._is_setting = not self._is_setting, True
        super().setColumnWidth(column, width)
        self._is_setting = not is_outermost
