"""Say what is wrong with a declaration the way a person would."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from blocks.overrides import Overrides, RetryOverrides
from scoring.settings import RetrySettings, Settings

Path = tuple[str | int, ...]

WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "list_type": "a list",
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "at most {le:g}",
    "less_than": "less than {lt:g}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong: where in the declaration, and a sentence that names the place."""

    path: Path
    sentence: str


def problems_in(kind: type[BaseModel], error: ValidationError) -> list[Problem]:
    """Every problem that kept data from being a `kind`, one sentence each, without a final stop."""
    return [_problem(kind, details) for details in error.errors(include_url=False)]


def dotted(path: Path) -> str:
    """A path as people write it: settings.retry_settings.timeout."""
    return ".".join(str(step) for step in path)


def _problem(kind: type[BaseModel], details: ErrorDetails) -> Problem:
    # Steps in angle brackets are branches of a union, not keys that anyone wrote.
    path = tuple(step for step in details["loc"] if not str(step).startswith("<"))
    return Problem(path, _sentence(kind, path, details))


def _sentence(kind: type[BaseModel], path: Path, details: ErrorDetails) -> str:
    name, context = dotted(path), details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(kind, path)
        case "missing":
            return f"{name} is missing: {_description(kind, path)}"
        case "value_error":
            return f"{name}: {context['error']}" if name else str(context["error"])
        case known if known in WANTED:
            return f"{name} is {_shown(details['input'])}; it must be {WANTED[known].format(**context)}"
    return f"{name} is {_shown(details['input'])}: {details['msg']}"


def _unknown_key(kind: type[BaseModel], path: Path) -> str:
    model = _model_at(kind, path[:-1])
    keys = list(model.model_fields)
    noun = "a setting" if issubclass(model, Settings | RetrySettings | Overrides | RetryOverrides) else "a known key"
    near = difflib.get_close_matches(str(path[-1]), keys, n=1)
    help_ = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys)}"
    return f"{dotted(path)} is not {noun}; {help_}"


def _description(kind: type[BaseModel], path: Path) -> str:
    field = _model_at(kind, path[:-1]).model_fields[str(path[-1])]
    text = (field.description or "").rstrip(".")
    return text[:1].lower() + text[1:]


def _model_at(kind: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that holds the keys below `path`."""
    for step in path:
        field = kind.model_fields.get(str(step))
        kind = _model_in(field.annotation, kind) if field else kind
    return kind


def _model_in(annotation: Any, otherwise: type[BaseModel]) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument, otherwise)
        if found is not otherwise:
            return found
    return otherwise


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    # Declarations are read as text, so a number is text as well: shown as it was written.
    is_number = isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]+", value)
    text = str(value) if is_number else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
