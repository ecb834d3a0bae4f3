"""What a store says when it does not do what it was asked: one sentence that names the datastore and the path."""

from collections.abc import Iterator
from contextlib import contextmanager

from scoring.access import called
from scoring.errors import ScoringError, StoreError

LONGEST = 300  # characters of what a store said; some send pages
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412"}
ANSWERS = (FileNotFoundError, FileExistsError)


@contextmanager
def explained(url: str, doing: str = "read", answers: tuple[type[Exception], ...] = ANSWERS) -> Iterator[None]:
    """Have what goes wrong at a store told in one sentence.

    Args:
        url: what is asked for.
        doing: what is done with it, as in "cannot be read".
        answers: exceptions that are no failure, which pass.
    Raises: StoreError for every other exception.
    """
    try:
        yield
    except ScoringError:
        raise
    except answers:
        raise
    except Exception as error:
        raise StoreError(called(url), doing, reason_of(error)) from error


def is_taken(error: OSError) -> bool:
    """Whether a store refused to put something because there is something by now.

    s3fs tells what stores other than Amazon's say as an OSError; the store's own word is in its cause.
    """
    answer = getattr(error.__cause__, "response", {})
    return isinstance(error, FileExistsError) or answer.get("Error", {}).get("Code") in TAKEN


def reason_of(error: BaseException) -> str:
    """Why a store refused, in its own words, after ours where those would not be understood."""
    said = " ".join(str(error).split("\n", 1)[0].split())[:LONGEST] or type(error).__name__
    if isinstance(error, PermissionError) or type(error).__name__ == "ClientAuthenticationError":
        return f"access is denied ({said}); correct the datastore's credentials, or what they allow"
    if type(error).__name__ == "NoCredentialsError":
        return "no credentials are known for it; register a datastore with that root and its credentials"
    if isinstance(error, ImportError):
        return f"{said}; install the package on every machine that runs jobs"
    return said
