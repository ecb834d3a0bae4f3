"""Failures by cause, each with examples."""

import json
from collections import defaultdict
from dataclasses import dataclass

from scoring.ledger import Cause
from scoring.publication import FAILURES
from scoring.storage import Folder

EXAMPLES = 3
LINES_READ = 20_000


@dataclass(frozen=True)
class Failure:
    """A file that failed; `calls` of run() had it, those that isolate a culprit included."""

    path: str
    mini_batch: int
    calls: int


@dataclass(frozen=True)
class ExplainedCause:
    """A cause, and some of its files."""

    cause: Cause
    examples: list[Failure]


def explained(causes: tuple[Cause, ...], output: Folder) -> list[ExplainedCause]:
    """Causes with examples of failures.jsonl in the output; where it has none, the file that the cause names."""
    found = _examples(output) if causes and output.exists(FAILURES) else {}
    return [ExplainedCause(cause, found.get((cause.error, cause.where), [])) for cause in causes]


def _examples(output: Folder) -> dict[tuple[str, str], list[Failure]]:
    examples: dict[tuple[str, str], list[Failure]] = defaultdict(list)
    with output.open(FAILURES) as lines:
        for line, _ in zip(lines, range(LINES_READ), strict=False):
            told = json.loads(line)
            place = (told["where"] or "").partition(" in ")[0]
            alike = examples[told["error"], place]
            if len(alike) < EXAMPLES:
                alike.append(Failure(told["path"], told["mini_batch"], told["tries"]))
    return examples
