"""What charts of one desktop share: crosshairs of link groups, drawings of instruments, and whose turn it is to paint.

Drawings are kept as one text file an instrument in the home folder, written whole and put in place at once after every
gesture; without a folder they live as long as the desktop. Belongs to the desktop's context. A folder that cannot be
written is told of and stops nothing.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from workstation.config.whole_files import write_whole
from workstation.viewmodels.drawings import DrawingBook, drawings_text, read_drawings

PAINT_EVERY_NS = 60_000_000
"""A chart follows ticks at about 15 Hz; what trading changes, and a closed bar, at once."""
TURN_NS = 12_000_000
"""How far the paintings of two charts lie apart at least: not both in one frame."""
PAINT_WAIT_NS = 120_000_000
"""After how long a chart paints without waiting for its turn."""

CrosshairListener = Callable[[str, str, int | None], None]
"""Called with the panel that the pointer is in, its link group, and the moment (UTC ns), None when it left."""


class ChartLinks:
    """Shared by all charts."""

    def __init__(self, folder: Path | None = None, failed: Callable[[str], None] | None = None) -> None:
        self._folder = folder
        self._failed = failed
        self._books: dict[str, DrawingBook] = {}
        self._listeners: list[CrosshairListener] = []
        self.painted_at = 0

    def listen(self, listener: CrosshairListener) -> Callable[[], None]:
        """Call `listener` as a pointer moves over a chart; returns the call that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def point(self, panel_id: str, group: str, time_ns: int | None) -> None:
        """Tell the charts of a group where the pointer of one of them is."""
        for listener in tuple(self._listeners):
            listener(panel_id, group, time_ns)

    def book(self, symbol: str) -> DrawingBook:
        """Return the drawings of an instrument: one book for all its charts, kept in its file."""
        book = self._books.get(symbol)
        if book is None:
            book = self._books[symbol] = DrawingBook(read_drawings(self._read(symbol)))
            book.listen(lambda: self._keep(symbol))
        return book

    def _read(self, symbol: str) -> str:
        path = self._path(symbol)
        if path is None or not path.exists():
            return ""
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError as problem:
            self._tell(f"Drawings of {symbol} cannot be read: {problem.strerror}")
            return ""

    def _keep(self, symbol: str) -> None:
        path = self._path(symbol)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, drawings_text(self._books[symbol].drawings))
        except OSError as problem:
            self._tell(f"Drawings of {symbol} are not saved: {problem.strerror}")

    def _path(self, symbol: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{quote(symbol, safe=' ')}.txt"

    def _tell(self, text: str) -> None:
        if self._failed is not None:
            self._failed(text)


class PaintTurn:
    """When one chart paints: every PAINT_EVERY_NS, and no two seen ones in one frame; at once where there is news.

    Whoever waits beyond PAINT_WAIT_NS goes all the same, so that none is left behind by many others.
    """

    def __init__(self, links: ChartLinks, mono_ns: Callable[[], int]) -> None:
        self._links, self._mono_ns = links, mono_ns
        self._painted_at = 0

    def take(self, *, news: bool, seen: bool) -> bool:
        """Tell whether the chart paints now, and know it."""
        now = self._mono_ns()
        waited = now - self._painted_at
        has_turn = now - self._links.painted_at >= TURN_NS or waited >= PAINT_WAIT_NS
        if not news and not (waited >= PAINT_EVERY_NS and has_turn):
            return False
        self._painted_at = now
        if seen:
            self._links.painted_at = now
        return True
