"""Texts of menus and buttons that a person wrote, or a venue: shown as they are.

Belongs to no walk. Sends nothing.
"""


def spelt(text: str) -> str:
    """Return a text as an entry or a button shows it letter by letter: none of its ampersands stands for a key."""
    return text.replace("&", "&&")
