"""What can be wrong with what was asked, as opposed to how it was written down."""

from collections.abc import Iterator
from contextlib import contextmanager

from blocks.errors import BlockError
from flows.errors import JobRefusedError
from scoring.errors import ScoringError


class ServiceError(Exception):
    """Base of everything `deployments.service` raises on purpose."""


class UnusableError(ServiceError):
    """What was given cannot be used: a folder that is not there, more instances than a compute has."""


class ConflictError(ServiceError):
    """What is registered stands in the way of what was asked."""


class JobNameTakenError(ConflictError):
    """A job of this name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is a job {self.name!r} already; give another --job-name"


NOTE = "about the field "
REFUSALS = (ServiceError, BlockError, JobRefusedError, ScoringError)


@contextmanager
def about(*field: str) -> Iterator[None]:
    """Note on a refusal inside which field of the declaration it is about; one inside of another is a field below it.

    A door that knows where the field was written can say so. What fails for other reasons is about no field.
    """
    try:
        yield
    except REFUSALS as error:
        error.add_note(f"{NOTE}{'.'.join(field)}")
        raise


def field_of(error: Exception) -> tuple[str, ...]:
    """The path of the field that an error is about; empty when that was not noted."""
    notes = [note.removeprefix(NOTE) for note in getattr(error, "__notes__", []) if note.startswith(NOTE)]
    return tuple(step for note in reversed(notes) for step in note.split("."))
