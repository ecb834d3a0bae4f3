"""`batchpoint batch-endpoint invoke --dry-run`: what a job would do, on a page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from deployments.cli.command import EXIT_CODE
from scoring.spelling import seconds, size

if TYPE_CHECKING:
    from blocks.store import Store
    from deployments.service.submission import Request
    from scoring.findings import Findings

FLAGS = {"mini_batch_size": "--mini-batch-size {}"}
COLUMNS_NAMED = 6


def try_out(context: click.Context, store: "Store", request: "Request") -> "Findings | None":
    """Score a few files of a job that is not sent; its findings as a page, unless --output asks for them as data.

    Leaves exit code 3 when files of the job would fail, and 1 when none could be scored.
    """
    from deployments.service.dry_run import dry_run

    found = dry_run(store, request)
    if found.problems:
        context.meta[EXIT_CODE] = 3 if found.can_score else 1
    if any(context.get_parameter_source(name) == ParameterSource.COMMANDLINE for name in ("output", "query")):
        return found
    for line in page(found):
        click.echo(line)
    return None


def page(found: "Findings") -> Iterator[str]:
    """What has been found, to be read in a moment."""
    tried = len(found.files_tried)
    tried_with = f"tried with {tried:,} of {found.files_listed:,} files"
    yield f"{found.endpoint} / {found.deployment}, {tried_with}; nothing is kept"
    yield ""
    if facts := [f"  {title:<9}{said}" for title, said in _facts(found)]:
        yield from (*facts, "")
    if found.problems:
        yield from (f"problem: {said}" for said in found.problems)
    else:
        yield "All of them were scored, with a row or more for each." if tried > 1 else "It was scored."
    yield from (f"note: {said}" for said in found.remarks)
    yield from _proposed(found)


def _facts(found: "Findings") -> Iterator[tuple[str, str]]:
    if found.start is not None and found.init is not None:
        yield "start", f"{seconds(found.start)} to import the script, {seconds(found.init)} for init()"
    if found.call_alone is not None:
        more = len(found.files_tried)
        together = f", {seconds(found.call_together)} with {more}" if found.call_together is not None else ""
        yield "run()", f"{seconds(found.call_alone)} with 1 file{together}"
    if found.seconds_fixed is not None and found.seconds_per_file is not None:
        each = seconds(found.seconds_per_file)
        yield "", f"so {each} a file, and {seconds(found.seconds_fixed)} whatever its files"
    if found.rows_per_file is not None:
        least, most = found.rows_per_file
        yield "rows", f"{least:,} a file" if least == most else f"{least:,} to {most:,} a file"
        yield from _columns(found)
    if found.memory is not None:
        limit = f", of {size(found.memory_limit)} that it may take" if found.memory_limit is not None else ""
        yield "memory", f"{size(found.memory)} at most{limit}"
    if found.lines_printed:
        yield "prints", f"{found.lines_printed:,} line{'s' * (found.lines_printed > 1)} in a call"


def _columns(found: "Findings") -> Iterator[tuple[str, str]]:
    named = [f"{name} ({' or '.join(types) or 'empty'})" for name, types in found.columns.items()]
    more = f" and {len(named) - COLUMNS_NAMED} more" if len(named) > COLUMNS_NAMED else ""
    if named:
        yield "columns", ", ".join(named[:COLUMNS_NAMED]) + more


def _proposed(found: "Findings") -> Iterator[str]:
    if not found.proposals:
        return
    yield ""
    width = max(len(each.setting) for each in found.proposals)
    for each in found.proposals:
        value = f"{each.now:,}, better {each.proposed:,}" if each.is_change else f"{each.now:,} is right"
        yield f"  {each.setting:<{width}}  {value}: {each.why}"
    changed = [_flag(each.setting, each.proposed) for each in found.proposals if each.is_change]
    if changed:
        yield f"to send the job so: batchpoint batch-endpoint invoke … {' '.join(changed)}"


def _flag(setting: str, value: int) -> str:
    return FLAGS.get(setting, f"--set {setting}={{}}").format(value)
