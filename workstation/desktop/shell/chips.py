"""Chips: small labelled states of the top and status bars. Colour, word and hover text always agree."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel

from workstation.desktop.theme import current_theme, theme_notifier, use_figure_font
from workstation.viewmodels.status_line import Chip

MARK_PX = 4
"""Width of the stripe that tells an account."""

_FILLED = frozenset({"sim", "live", "replay", "red"})


class ChipLabel(QLabel):
    """One chip. Emits: clicked()."""

    clicked = Signal()

    def __init__(self, name: str, meaning: str, *, clickable: bool = False) -> None:
        super().__init__()
        self.meaning = meaning
        self._chip, self._form = Chip("—", "muted", meaning), 0
        self.setObjectName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        use_figure_font(self, "caption")
        if clickable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme_notifier().changed.connect(self._repaint_theme)
        self._paint()

    @property
    def warns(self) -> bool:
        """Whether what it shows is no longer well."""
        return self._chip.level in ("amber", "red")

    @property
    def forms(self) -> tuple[str, ...]:
        """What it may read, the longest first."""
        return (self._chip.text, *self._chip.shorter)

    def width_of(self, text: str) -> int:
        """Return how wide it would be with another text, px."""
        metrics = self.fontMetrics()
        return self.sizeHint().width() + metrics.horizontalAdvance(text) - metrics.horizontalAdvance(self.text())

    def show_form(self, number: int) -> None:
        """Read one of its forms, 0 the longest; the hover and the accessible name say all."""
        self._form = number
        if self.text() != self.forms[number]:
            self.setText(self.forms[number])

    def show_chip(self, chip: Chip) -> bool:
        """Show a state, as short as the one before; returns whether it is another one: equal states cost nothing."""
        if chip == self._chip:
            return False
        repaint = (chip.level, chip.mark) != (self._chip.level, self._chip.mark)
        self._chip = chip
        self.show_form(min(self._form, len(chip.shorter)))
        self.setToolTip(chip.hover)
        self.setAccessibleName(f"{self.meaning}: {chip.text}")
        if repaint:
            self._paint()
        return True

    def _repaint_theme(self, *_: object) -> None:
        use_figure_font(self, "caption")
        self._paint()

    def _paint(self) -> None:
        colors = current_theme().colors
        level = self._chip.level
        ink = {
            "ok": colors.text,
            "muted": colors.text_muted,
            "amber": colors.warning,
            "rise": colors.rise,
            "fall": colors.fall,
            "red": colors.on_danger,
            "sim": colors.on_sim,
            "live": colors.on_live,
            "replay": colors.on_replay,
        }[level]
        fill = {"sim": colors.sim, "live": colors.live, "replay": colors.replay, "red": colors.danger}.get(level)
        ground = fill.name() if fill is not None else "transparent"
        mark = getattr(colors, self._chip.mark).name() if self._chip.mark else ""
        frame = f"border: 1px solid {mark or ground};" + (f" border-left: {MARK_PX}px solid {mark};" if mark else "")
        weight = 700 if level in _FILLED else 500
        self.setStyleSheet(
            f"QLabel {{ color: {ink.name()}; background: {ground}; border-radius: 3px; padding: 0 5px;"
            f" {frame} font-weight: {weight}; }}"
            f" QLabel:focus {{ border-color: {colors.focus.name()}; }} QToolTip {{ font-weight: 400; }}"
        )

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Return or the space bar for a click."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Report a click that ends on the chip."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
