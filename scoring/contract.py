"""Whether a script keeps the contract of run(), as far as a few calls tell."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from scoring.dry_run import Call, Trial, names_of

LINES_TOLERATED = 20  # that a call prints; each one is kept by Prefect's server, up to 200 of a mini-batch
FAULTS_NAMED = 3
ALIKE = (
    1e-3  # how far numbers may be apart, of themselves: a framework's last digits depend on what it is given at once
)
AN_OBJECT = re.compile(r"<.* object at 0x[0-9a-f]+>")
TYPES = {bool: "true or false", int: "number", float: "number", str: "text", list: "list", dict: "object"}


def problems(trial: Trial) -> Iterator[str]:
    """Sentences on what would fail files of a job, or all of them."""
    if trial.fault is not None:
        doing = "the script could not be imported" if trial.stage == "import" else "init() failed"
        yield f"{doing}: {trial.fault}"
        return
    failed = [call for call in trial.alone if call.fault is not None]
    if failed:
        yield f"{len(failed)} of {len(trial.alone)} files failed alone: {_faults(failed)}"
    for call in trial.together:
        if call.fault is not None:
            yield f"{len(call.files)} files failed in one call, and none of them alone: {call.fault}"
            return


def _faults(calls: list[Call]) -> str:
    causes = Counter((str(call.fault), call.files[0]) for call in calls)
    named = [f"{said} ({file})" for said, file in list(causes)[:FAULTS_NAMED]]
    return "; ".join(named) + (f"; and {len(causes) - FAULTS_NAMED} more" if len(causes) > FAULTS_NAMED else "")


def remarks(trial: Trial) -> Iterator[str]:
    """Sentences on what no file fails for, and someone should look at."""
    good = [call for call in trial.calls if call.fault is None]
    yield from _columns(good)
    for name, types in column_types(good).items():
        if len(types) > 1:
            yield f"column {name!r} holds {' and '.join(types)}"
        if any(_is_object(row.get(name)) for call in good for row in call.rows):
            yield f"column {name!r} holds the text of a Python object; return a number or a text in its place"
    yield from _dependence(trial)
    if (lines := max((call.lines for call in good), default=0)) > LINES_TOLERATED:
        yield f"a call prints {lines} lines; a job's log has 200 of each mini-batch at most, and is slower for them"


def _columns(calls: list[Call]) -> Iterator[str]:
    every = names_of(calls)
    for call in calls:
        lacking = [name for name in every if call.rows and not any(name in row for row in call.rows)]
        if lacking:
            named = ", ".join(map(repr, lacking[:FAULTS_NAMED]))
            yield f"calls return different columns: {named} not with {call.files[0]}, where the output has empty cells"
            return


def column_types(calls: Iterable[Call]) -> dict[str, list[str]]:
    """For each column what its cells are, missing ones aside."""
    found: dict[str, dict[str, None]] = {}
    for call in calls:
        for row in call.rows:
            for name, value in row.items():
                types = found.setdefault(name, {})
                if value is not None:
                    types[TYPES.get(type(value), "text")] = None
    return {name: list(types) for name, types in found.items()}


def _is_object(value: object) -> bool:
    return isinstance(value, str) and AN_OBJECT.fullmatch(value) is not None


def _dependence(trial: Trial) -> Iterator[str]:
    """Rows should not depend on which files share a call: isolating a failure, or resuming a job, cuts them anew."""
    good = [call for call in trial.alone if call.fault is None]
    alone = [row for call in good for row in call.rows]
    for call in trial.together:
        if call.fault is not None:
            return
        if len(call.rows) != len(alone):
            yield f"{len(call.files)} files give {len(alone)} rows one by one, and {len(call.rows)} in one call"
            return
        if not all(_alike(one, other) for one, other in zip(alone, call.rows, strict=True)):
            yield "rows are others when their files are scored in one call than when they are scored one by one"
            return


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return _is_number(one) and _is_number(other) and math.isclose(one, other, rel_tol=ALIKE, abs_tol=ALIKE)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
