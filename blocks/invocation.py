"""What one invocation of an endpoint says: its inputs, its output, and what the job changes of its deployment."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from blocks.overrides import Overrides
from blocks.specs import Part
from scoring.literals import Value, check_name

KEY = re.compile(r"[A-Za-z0-9_]+")
SPELLINGS = {
    "urifolder": "uri_folder",
    "folder": "uri_folder",
    "urifile": "uri_file",
    "file": "uri_file",
    "string": "string",
    "literal": "string",
    "integer": "integer",
    "int": "integer",
    "number": "number",
    "float": "number",
    "boolean": "boolean",
    "bool": "boolean",
}
"""Types of inputs as YAML, REST and older command lines of Azure's write them, without case and underscores."""
A_MODEL = "a model belongs to the deployment, which names it; an input is uri_folder or uri_file"
REFUSED = {
    "mltable": "tables are not read here; use uri_folder or uri_file, which the script reads",
    "custommodel": A_MODEL,
    "mlflowmodel": A_MODEL,
    "tritonmodel": A_MODEL,
}


def _in_our_spelling(value: object) -> object:
    if not isinstance(value, str):
        return value
    plain = value.lower().replace("_", "")
    if plain in REFUSED:
        raise ValueError(f"{value!r} cannot be used: {REFUSED[plain]}")
    return SPELLINGS.get(plain, value)


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


FilesType = Literal["uri_folder", "uri_file"]
FilesTypeInAnySpelling = Annotated[FilesType, BeforeValidator(_in_our_spelling)]
READERS: dict[str, tuple[Callable[[str], Value], str]] = {
    "string": (str, "text"),
    "integer": (int, "a whole number, such as 5"),
    "number": (float, "a number, such as 0.5"),
    "boolean": (_truth, "true or false"),
}


class JobInput(Part):
    """An input of a job: files, or a literal input."""

    type: Annotated[
        Literal["uri_folder", "uri_file", "string", "integer", "number", "boolean"] | None,
        BeforeValidator(_in_our_spelling),
    ] = Field(
        None,
        description="uri_folder or uri_file for files; string, integer, number or boolean for a literal input, which "
        "is text when none is said.",
    )
    path: str | None = Field(None, min_length=1, description="Where files are: a path, a URL or a data asset.")
    default: str | None = Field(None, description="The value of a literal input.")

    @field_validator("default", mode="before", json_schema_input_type=str | int | float | bool | None)
    @classmethod
    def _as_text(cls, value: object) -> object:
        return json.dumps(value) if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.path is None) == (self.default is None):
            has = "neither path nor default" if self.path is None else "both path and default"
            raise ValueError(f"it has {has}; write path for files, or default for the value of a literal input")
        if self.type is not None and (self.type in READERS) == (self.default is None):
            wanted = "default: VALUE, or type: uri_folder" if self.type in READERS else "path: PATH, or type: string"
            raise ValueError(f"type {self.type} does not go with what is given; write {wanted}")
        if self.default is not None:
            self.read(self.default)
        return self

    @property
    def is_literal(self) -> bool:
        """Whether it is a value rather than files."""
        return self.default is not None

    def read(self, text: str) -> Value:
        """The value that the text of a literal input means. Raises: ValueError when it is not of the type."""
        reader, wanted = READERS[self.type or "string"]
        try:
            return reader(text)
        except (ValueError, KeyError):
            raise ValueError(f"default is {text!r}; for type {self.type} it must be {wanted}") from None


class JobOutput(Part):
    """Where a job's output goes."""

    type: FilesTypeInAnySpelling | None = Field(None, description="uri_folder or uri_file; it makes no difference.")
    path: str = Field(min_length=1, description="Folder for predictions, failures and summary.")


class Invocation(Overrides):
    """One invocation of an endpoint, as `invoke --file` reads it, with what the job changes of its deployment."""

    deployment_name: str | None = Field(None, description="The deployment that scores; left out, the default.")
    input: str | None = Field(
        None,
        min_length=1,
        description="Folder or file to score: a path, a URL, azureml://datastores/NAME/paths/PATH, or a data asset as "
        "azureml:NAME:VERSION or azureml:NAME@latest.",
    )
    input_type: FilesTypeInAnySpelling | None = Field(
        None, description="What the input must be: uri_folder or uri_file."
    )
    inputs: dict[str, JobInput] = Field(
        default_factory=dict,
        description="Inputs by name: one with files (path), and literal inputs (default) for the scoring script.",
    )
    output_path: str | None = Field(
        None, min_length=1, description="Folder for predictions, failures and summary; left out, the job's own."
    )
    outputs: dict[str, JobOutput] = Field(default_factory=dict, description="The output by a name, in place of that.")
    job_name: str | None = Field(None, description="A name for the job; left out, its id.")

    @field_validator("inputs")
    @classmethod
    def _have_names(cls, inputs: dict[str, JobInput]) -> dict[str, JobInput]:
        for name, each in inputs.items():
            if each.is_literal:
                check_name(name)
            elif not KEY.fullmatch(name):
                raise ValueError(f"{name!r} is no name for an input: it may hold only letters, digits and underscores")
        return inputs

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        with_files = [name for name, each in self.inputs.items() if not each.is_literal]
        if self.input is not None and with_files:
            raise ValueError(f"files are given as input and as inputs.{with_files[0]}.path; keep one")
        if len(with_files) > 1:
            raise ValueError(f"files are given as inputs {' and '.join(with_files)}; a job has one input; keep one")
        if self.input is None and not with_files:
            raise ValueError(
                "no files to score are given: write --input PATH, or inputs.NAME.path with inputs.NAME.type uri_folder"
            )
        if twice := {*self.inputs} & {*(self.literals or {})}:
            raise ValueError(f"literal input {min(twice)} is given under inputs and under literals; keep one")
        if len(self.outputs) + (self.output_path is not None) > 1:
            raise ValueError("a job has one output, and several are given; keep one, or output_path")
        return self

    @property
    def files(self) -> JobInput:
        """The input that has the files."""
        if self.input is not None:
            return JobInput(path=self.input, type=self.input_type)
        given = next(each for each in self.inputs.values() if not each.is_literal)
        return given if given.type is not None else given.model_copy(update={"type": self.input_type})

    @property
    def output(self) -> str | None:
        """The folder for the output, unless it is the job's own."""
        return self.output_path or next((each.path for each in self.outputs.values()), None)

    @property
    def overrides(self) -> Overrides:
        """What the job changes of its deployment, its literal inputs among it."""
        named = {name: each.read(each.default) for name, each in self.inputs.items() if each.default is not None}
        changed: dict[str, Any] = self.model_dump(include={*Overrides.model_fields}, exclude_none=True)
        return Overrides.model_validate(changed | ({"literals": named | (self.literals or {})} if named else {}))
