"""Text for Prefect's pages, which read descriptions, markdown artifacts and the cells of tables as Markdown."""

import re
from html import escape
from urllib.parse import quote

MARKS = re.compile(r"([\\`*_\[\]#~|])|^([-+=])(?![\d.])|^(\d+)(?=[.)](?:\s|$))", re.ASCII)


def as_text(said: str) -> str:
    """What scripts, files and users say, in one line that is read as they wrote it, and ends no cell of a table."""
    return MARKS.sub(_escaped, escape(" ".join(said.split()), quote=False))


def _escaped(found: re.Match[str]) -> str:
    return f"{found[3]}\\" if found[3] else f"\\{found[0]}"


def as_code(text: str) -> str:
    """A path or a command, to be copied; also in a table, where nothing but a bar has to be escaped."""
    return f"`{' '.join(text.split()).replace('`', '')}`".replace("|", "\\|")


def as_link(text: str, folder: str, name: str) -> str | None:
    """A link to a file that a browser can open; None where it cannot, as most do not open paths and stores."""
    if not folder.startswith(("https://", "http://")):
        return None
    return f"[{as_text(text)}]({quote(f'{folder}/{name}', safe=':/?&=%')})"


def as_table(titles: list[str], rows: list[list[str]]) -> str:
    """A table whose cells are Markdown already."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
