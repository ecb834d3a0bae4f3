"""Text of files, scripts and users as a page can show it: one line, in reading order, nothing hidden."""

import unicodedata

MOST = 500  # characters of one text
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories that are not seen, or move what is: controls, directions of writing, halves of characters."""


def shown(text: str) -> str:
    """A text whose unseen characters are written by their numbers, cut where it is longer than 500 characters."""
    if text.isascii() and text.isprintable() and len(text) <= MOST:
        return text
    cut = text if len(text) <= MOST else f"{text[:MOST]}…"
    return "".join(_visible(character) for character in cut)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    return character.encode("unicode_escape").decode()
