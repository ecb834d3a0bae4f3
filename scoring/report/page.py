"""The page, from its templates: everything that comes from outside is made visible, then escaped."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoring import spelling
from scoring.report.text import shown

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **known: Any) -> bytes:
    """A template filled in, as UTF-8."""
    return environment().get_template(template).render(**known).encode("utf-8", "backslashreplace")


def compile_templates() -> None:
    """Compile the templates now, which takes 0.05 s; each page has need of them."""
    for name in environment().list_templates(["html"]):
        environment().get_template(name)


@cache
def environment() -> "Environment":
    """The templates, and the filters that they spell numbers with."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "count": spelling.count,
        "counted": spelling.counted,
        "seconds": spelling.seconds,
        "size": spelling.size,
        "share": spelling.share,
        "rate": spelling.rate,
        "plain": spelling.plain,
    }
    return made


def _finalize(value: Any) -> Any:
    return shown(value) if type(value) is str else value
