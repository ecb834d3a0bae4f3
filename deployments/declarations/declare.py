"""Hold a document against its kind."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from blocks.problems import problems_in
from deployments.declarations.azure import accept
from deployments.declarations.document import Document
from deployments.declarations.errors import DeclarationError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Declared(Generic[M]):
    """What a document declares, and what its author should know of how it was read."""

    spec: M
    notes: list[str]


def declare(kind: type[M], document: Document) -> Declared[M]:
    """The declaration of a `kind` that a document holds, with all that Azure's YAML may say.

    Raises: DeclarationError with every problem, each with its file and line or its flag, in the order of the lines.
    """
    notes = accept(kind, document)
    try:
        return Declared(kind.model_validate(document.data), notes)
    except ValidationError as error:
        found = [(document.place(problem.path), problem.sentence) for problem in problems_in(kind, error)]
    raise DeclarationError(*(f"{place}: {said}" if place else said for place, said in sorted(found, key=_by_line)))


def _by_line(problem: tuple[str, str]) -> int:
    line = problem[0].rpartition(":")[2]
    return int(line) if line.isdigit() else 0
