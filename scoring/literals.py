"""Literal inputs: values that one job gives to its scoring script, by name."""

import json
import keyword
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from scoring.launch import THREAD_VARIABLES

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST = 32_768
"""Characters of a value: an environment variable can hold some 130,000 bytes, and a flow run's parameters 512 KB."""
TAKEN_BEGINNINGS = ("AZUREML_", "BATCHPOINT_", "PREFECT_", "PYTHON", "LD_")
TAKEN = {"PATH", "HOME", "USER", "LANG", "TMPDIR", "PWD", "SHELL", "CUDA_VISIBLE_DEVICES", *THREAD_VARIABLES}
OF_CONTEXT = {"give_up", "minibatch_index", "partition_key_value", "relative_paths", "_code", "_files", "_given_up"}


def check_name(name: str) -> None:
    """Raises: ValueError for a name that no environment variable or no attribute can have, or that is taken."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ValueError(
            f"{name!r} is no name for a literal input: it becomes an environment variable and an attribute, so it must "
            "be letters, digits and underscores, not begin with a digit, and be no word of Python's, as in top_k"
        )
    if name in TAKEN | OF_CONTEXT or name.startswith(TAKEN_BEGINNINGS):
        raise ValueError(
            f"{name!r} is taken: the scoring script finds something else under that name; choose another, such as "
            f"my_{name.lower()}"
        )


def as_text(value: str | float) -> str:
    """A value as its environment variable holds it: text as it is, numbers and true or false as JSON writes them."""
    return value if isinstance(value, str) else json.dumps(value)


def _scalar(value: object) -> object:
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"{value!r} is no literal input; give text, a number, or true or false")  # noqa: TRY004 - pydantic collects only ValueErrors
    if isinstance(value, float) and not float("-inf") < value < float("inf"):
        raise ValueError(f"{value} is no number that can be written down; give it as text")
    if isinstance(value, str) and (len(value) > LONGEST or "\0" in value):
        said = "has a null character" if "\0" in value else f"has {len(value)} characters"
        raise ValueError(
            f"the text {said}; a literal input may have {LONGEST}, and no null character: put it in a file"
        )
    return value


def _named(literals: Mapping[str, "Value"]) -> Mapping[str, "Value"]:
    for name in literals:
        check_name(name)
    return literals


Value = Annotated[str | int | float | bool, BeforeValidator(_scalar)]
Literals = Annotated[dict[str, Value], AfterValidator(_named)]
