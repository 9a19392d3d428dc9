"""Cells of tables that leave the program: no text in them may run as a formula where somebody opens them. Pure."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "|")
"""First characters that a spreadsheet takes for a formula."""


def disarmed(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula; a plain number stays a number."""
    if text.startswith(FORMULA_STARTS) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal() and text.isascii() and text.count("-") <= 1
