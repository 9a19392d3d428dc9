"""Lines that an alert's firing stages or runs in the desktop: which ones may stand in an alert, and in what words.

Beside the tick walk. The grammar is the palette's own. An alert never sends, changes or cancels an order, and it moves
neither the trade focus nor a size, so that only lines which do none of that pass.
"""

from workstation.domain.errors import ValidationError
from workstation.viewmodels import order_line_words as words
from workstation.viewmodels.order_line import LineError, parse_line

ALLOWED = "an order, which is staged and not sent; chart INTERVAL; ws NAME; alert SYMBOL CONDITION"
Line = words.OrderLine | words.Chart | words.Workspace | words.Alert


def alert_line(text: str) -> Line:
    """Return what an alert's line says.

    Raises:
        ValidationError: it cannot be read, with the column of the wrong word, or an alert may not do that.
    """
    try:
        read = parse_line(text)
    except LineError as error:
        raise ValidationError("line", f"column {error.start + 1}: {error}") from error
    if not isinstance(read, Line):
        raise ValidationError("line", f"{text.split(maxsplit=1)[0]!r} is not for an alert", allowed=ALLOWED)
    return read


def line_deed(text: str) -> str:
    """Return what a kept line does, in one word with the line; "" for none."""
    if not text:
        return ""
    try:
        return f"{'stage' if isinstance(alert_line(text), words.OrderLine) else 'run'} {text}"
    except ValidationError:
        return f"unreadable line {text}"
