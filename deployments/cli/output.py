"""Show a command's result the way it was asked for: --query and --output of every command."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import click
from pydantic import BaseModel

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

FORMATS = ("json", "jsonc", "yaml", "table", "tsv", "none")
TABLE_WIDTH = 120  # where there is no terminal
LEAST_CUT = 20  # characters of a text that is cut short; of fewer nothing can be made out
HEADER_PADDING = COLUMNS_APART = 2  # tabulate's


class Query(click.ParamType["ParsedResult"]):
    """A JMESPath expression."""

    name = "JMESPATH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "ParsedResult":
        import jmespath

        try:
            return jmespath.compile(value)
        except jmespath.exceptions.JMESPathError as error:
            self.fail(f"{value!r} is not JMESPath: {' '.join(str(error).split())}", param, ctx)


def show(result: object, output: str, query: "ParsedResult | None") -> None:
    """Print a result, unless there is none.

    Args:
        result: specs, dicts, lists or scalars; None prints nothing.
        output: one of FORMATS.
        query: picks from the result before it is printed.
    """
    if result is None:
        return
    value = plain(result if output != "table" or query is not None else in_rows(result))
    if query is not None:
        value = query.search(value)
    text = RENDERERS[output](value)
    if text:
        click.echo(text)


@runtime_checkable
class Tabular(Protocol):
    """Something with too many fields for a line of a table, which says what stands there."""

    def row(self) -> dict[str, str]:
        """The line's cells by column; the last one may be cut short."""


def in_rows(result: object) -> object:
    """Results that say what stands in a table, as that: as many of the columns as fit, the last one cut short."""
    things = result if isinstance(result, list) else [result]
    rows = [each.row() for each in things if isinstance(each, Tabular)]
    if not rows or len(rows) < len(things):
        return result
    widths = _fitting(rows, table_width())
    return [{name: shorten(row[name], width) for name, width in widths.items()} for row in rows]


def table_width() -> int:
    """Columns of the terminal that a table goes to."""
    return shutil.get_terminal_size((TABLE_WIDTH, 0)).columns if sys.stdout.isatty() else TABLE_WIDTH


def _fitting(rows: list[dict[str, str]], width: int) -> dict[str, int]:
    """The columns that there is room for, each with its width; the first one is there whatever room it takes."""
    first, *_, last = rows[0]
    fitting: dict[str, int] = {}
    for name in rows[0]:
        needed = max(len(name) + HEADER_PADDING, *(len(row[name]) for row in rows))
        room = width - sum(fitting.values()) - COLUMNS_APART * len(fitting)
        if needed <= room or name == first:
            fitting[name] = needed
        elif name == last and room >= LEAST_CUT:
            fitting[name] = room
    return fitting


def shorten(text: str, most: int) -> str:
    """A text that is cut where it is longer than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def plain(value: object) -> Any:
    """A result as dicts, lists and scalars."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _jsonc(value: Any) -> str:
    """Coloured JSON where there are colours."""
    if not sys.stdout.isatty():
        return _json(value)
    from rich.console import Console
    from rich.json import JSON

    console = Console()
    with console.capture() as captured:
        console.print(JSON(_json(value)))
    return captured.get().rstrip()


def _yaml(value: Any) -> str:
    from io import StringIO

    from ruamel.yaml import YAML

    stream = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated by its default
    yaml.width = 4096  # a path is not broken into lines
    yaml.dump(value, stream)
    return stream.getvalue().removesuffix("...\n").rstrip("\n")


def _table(value: Any) -> str:
    from tabulate import tabulate

    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) for row in rows):
        return _tsv(value)
    # A cell holds one value; what is nested is for the other formats.
    flat = [{key: _cell(inner) for key, inner in row.items() if not isinstance(inner, dict | list)} for row in rows]
    return tabulate(flat, headers="keys", disable_numparse=True) if flat else ""


def _tsv(value: Any) -> str:
    rows = value if isinstance(value, list) else [value]
    return "\n".join("\t".join(_cell(cell) for cell in _cells(row)) for row in rows)


def _cells(row: Any) -> list[Any]:
    if isinstance(row, dict):
        return list(row.values())
    return row if isinstance(row, list) else [row]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


RENDERERS: dict[str, Callable[[Any], str]] = {
    "json": _json,
    "jsonc": _jsonc,
    "yaml": _yaml,
    "table": _table,
    "tsv": _tsv,
    "none": lambda _: "",
}
