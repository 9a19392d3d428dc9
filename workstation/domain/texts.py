"""Texts as they come in: one form for what looks the same, so that it is found, compared and kept once. Pure."""

import unicodedata


def composed(text: str) -> str:
    """Return a text in Unicode's normal form C: a letter with its accents is one character, however it was typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
