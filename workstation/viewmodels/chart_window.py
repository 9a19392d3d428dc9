"""What part of a series a chart shows: the bars across, the prices up, and whether it follows the market.

`ChartWindow` is the state (which bars, which prices), `PaneScale` the arithmetic between it and pixels for one pane.
The x axis counts bars, not time, so nights and weekends take no room. Bar `i` spans `i` to `i + 1`. This module must
not know Qt; a widget announces gestures and draws what it finds here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import exp, log
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPAN_DEFAULT: Final = 160.0
BAR_PX_DEFAULT: Final = 7.5
SPAN_MIN: Final = 8.0
MARGIN_SHARE: Final = 0.06  # of the width kept free right of the last bar
VISIBLE_MIN_BARS: Final = 2.0  # that many bars stay in view, whatever is dragged
PRICE_PADDING_SHARE: Final = 0.08
FLAT_SHARE: Final = 1e-3  # of the price: half the range shown when all prices are equal
FLAT_RANGE: Final = 1.0
LOG_FLOOR: Final = 1e-3  # of the lowest price shown: what is below, and 0, is drawn there


class ChartType(Enum):
    """How the bars are drawn."""

    CANDLES = "candles"
    HOLLOW = "hollow"
    HEIKIN_ASHI = "heikin-ashi"
    RENKO = "renko"
    BARS = "bars"
    LINE = "line"
    AREA = "area"


class PanelState(Enum):
    """What a chart has to say about its data; each has its own look."""

    READY = "ready"
    EMPTY = "empty"
    LOADING = "loading"
    STALE = "stale"
    DISCONNECTED = "disconnected"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class PaneScale:
    """Pixels of one pane: logical ones, y growing downward; `ratio` is device pixels per logical pixel.

    `logarithmic`: equal heights are equal ratios; `low` and `high` are positive then.
    """

    first: float
    span: float
    low: float
    high: float
    width: float
    height: float
    ratio: float = 1.0
    logarithmic: bool = False

    @property
    def bar_width(self) -> float:
        """Return the width of one bar."""
        return self.width / self.span

    @property
    def bar_range(self) -> tuple[int, int]:
        """Return the bars in view as (first, stop), unclipped."""
        return int(self.first // 1), int(-(-(self.first + self.span) // 1))

    def x(self, bar: float) -> float:
        """Return the x of a position counted in bars; the middle of bar `i` is at `i + 0.5`."""
        return (bar - self.first) * self.width / self.span

    def xs(self, bars: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the x of each position counted in bars."""
        return np.asarray((bars - self.first) * (self.width / self.span))

    def bar(self, x: float) -> float:
        """Return the position in bars at an x; its floor is the bar's number."""
        return self.first + x * self.span / self.width

    def y(self, price: float) -> float:
        """Return the y of a price; on a logarithmic scale a price of 0 or less is far below the pane."""
        if self.logarithmic:
            return log(self.high / max(price, self.low * LOG_FLOOR)) * self.height / log(self.high / self.low)
        return (self.high - price) * self.height / (self.high - self.low)

    def ys(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the y of each price."""
        if self.logarithmic:
            heights = np.log(self.high / np.maximum(prices, self.low * LOG_FLOOR))
            return np.asarray(heights * (self.height / log(self.high / self.low)))
        return np.asarray((self.high - prices) * (self.height / (self.high - self.low)))

    def price(self, y: float) -> float:
        """Return the price at a y."""
        if self.logarithmic:
            return self.high * exp(-y / self.height * log(self.high / self.low))
        return self.high - y * (self.high - self.low) / self.height

    def snapped(self, at: float) -> float:
        """Return the nearest edge between device pixels."""
        return round(at * self.ratio) / self.ratio

    @property
    def hair(self) -> float:
        """Return the width of the thinnest line drawn: one logical pixel in whole device pixels."""
        return max(1, int(self.ratio)) / self.ratio

    def pixel(self, at: float) -> float:
        """Return the edge of the device pixel at a position: where a rectangle one hair wide is crisp."""
        return (at * self.ratio // 1) / self.ratio

    def hairline(self, at: float) -> float:
        """Return the middle of the hair at a position: where a line one hair wide is crisp."""
        return self.pixel(at) + self.hair / 2


class ChartWindow:
    """Position and scale of a chart over a series of `count` bars."""

    def __init__(self) -> None:
        self.count = 0
        self.first = 0.0
        self.span_default = SPAN_DEFAULT
        self.span = SPAN_DEFAULT
        self.low = 0.0
        self.high = FLAT_RANGE
        self.following = True
        self.auto_price = True
        self._log_wanted = False

    @property
    def logarithmic(self) -> bool:
        """Return whether equal heights are equal ratios now: as chosen, while all prices shown are positive."""
        return self._log_wanted and self.low > 0

    @property
    def stop(self) -> float:
        """Return the right edge in bars."""
        return self.first + self.span

    @property
    def last_bar_visible(self) -> bool:
        """Return whether a live tick would change the picture."""
        return self.count > 0 and self.first < self.count <= self.stop + 1

    def reset(self, count: int) -> None:
        """Start over on a new series: the default span, at the live end, prices fitted by themselves."""
        self.count = count
        self.span = self.span_default
        self.auto_price = True
        self.follow()

    def follow(self) -> None:
        """Return to the live end and stay there."""
        self.following = True
        self.first = self._following_first()

    def on_bars_appended(self, count: int) -> bool:
        """Take the new number of bars; return whether the window moved with them."""
        self.count = count
        if self.following:
            self.first = self._following_first()
        return self.following

    def on_bars_prepended(self, added: int) -> None:
        """Take that many older bars in front; what is shown stays where it is."""
        self.count += added
        self.first += added

    def pan(self, bars: float) -> None:
        """Move by a number of bars, + to later ones. Reaching the live end resumes following, leaving it ends that."""
        self.first += bars
        self._clamp()
        self.following = self.first >= self._following_first() - 1e-9

    def zoom(self, factor: float, anchor: float) -> None:
        """Show `factor` times as many bars, with the position `anchor` (in bars) staying where it is."""
        span = min(max(self.span * factor, SPAN_MIN), self._span_max())
        if self.following and anchor >= self.count:
            anchor = float(self.count)
        self.first = anchor - (anchor - self.first) * span / self.span
        self.span = span
        self._clamp()
        self.following = self.first >= self._following_first() - 1e-9

    def zoom_about_end(self, factor: float) -> None:
        """Zoom with the right edge held, or while following with the live end held."""
        following = self.following
        self.zoom(factor, self.stop)
        if following:
            self.follow()

    def show(self, first: float, span: float) -> None:
        """Show exactly this range of bars, within the limits."""
        self.span = min(max(span, SPAN_MIN), self._span_max())
        self.first = first
        self._clamp()
        self.following = self.first >= self._following_first() - 1e-9

    def reset_span(self) -> None:
        """Return to the default number of bars at the live end."""
        self.span = self.span_default
        self.follow()

    def on_resized(self, width: float) -> None:
        """Take a new width in pixels: it sets how many bars are shown by default, and now unless chosen otherwise."""
        chosen = self.span != self.span_default
        self.span_default = max(width / BAR_PX_DEFAULT, SPAN_MIN)
        if not chosen:
            self.span = self.span_default
        if self.following:
            self.follow()

    def fit_price(self, low: float, high: float) -> bool:
        """Fit the prices with some air above and below, unless they were set by hand; return whether they changed."""
        if not self.auto_price:
            return False
        padding = (high - low) * PRICE_PADDING_SHARE
        if high <= low:
            padding = abs(high) * FLAT_SHARE or FLAT_RANGE
        before = (self.low, self.high)
        if self._log_wanted and low > 0:
            reach = (high / low) ** PRICE_PADDING_SHARE if high > low else 1 + FLAT_SHARE
            self.low, self.high = low / reach, high * reach
        else:
            self.low, self.high = low - padding, high + padding
        return before != (self.low, self.high)

    def zoom_price(self, factor: float, anchor: float | None = None) -> None:
        """Show `factor` times the price range, `anchor` (default the middle) held in place; ends automatic fit."""
        self.auto_price = False
        anchor = (self.low + self.high) / 2 if anchor is None else anchor
        floor = abs(anchor) * 1e-9 or 1e-9
        factor = max(factor, floor / (self.high - self.low))
        if self.logarithmic:
            anchor = max(anchor, self.low * LOG_FLOOR)
            self.low, self.high = (anchor * (edge / anchor) ** factor for edge in (self.low, self.high))
            return
        self.low = anchor - (anchor - self.low) * factor
        self.high = anchor + (self.high - anchor) * factor

    def pan_price(self, share: float) -> None:
        """Move the price range up by a share of its height; ends automatic fit."""
        self.auto_price = False
        if self.logarithmic:
            factor = (self.high / self.low) ** share
            self.low, self.high = self.low * factor, self.high * factor
            return
        change = share * (self.high - self.low)
        self.low += change
        self.high += change

    def set_logarithmic(self, wanted: bool, lowest: float) -> bool:
        """Choose the scale, prices fitted anew; return whether it is as wanted: prices of 0 or less keep it linear."""
        self._log_wanted = wanted and lowest > 0
        self.auto_price = True
        return self._log_wanted == wanted

    def scale(self, width: float, height: float, ratio: float = 1.0) -> PaneScale:
        """Return the pixel arithmetic of the price pane."""
        return PaneScale(self.first, self.span, self.low, self.high, width, height, ratio, self.logarithmic)

    def _following_first(self) -> float:
        return self.count + self.span * MARGIN_SHARE - self.span

    def _span_max(self) -> float:
        return max(self.span_default, self.count / (1.0 - 2 * MARGIN_SHARE))

    def _clamp(self) -> None:
        earliest = VISIBLE_MIN_BARS - self.span
        latest = max(self.count - VISIBLE_MIN_BARS, earliest)
        self.first = min(max(self.first, earliest), latest)
