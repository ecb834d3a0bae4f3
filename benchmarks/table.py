"""Results as tables, for a terminal and for a page."""

from rich.table import Table
from tabulate import tabulate

from benchmarks.memory import ALL
from benchmarks.results import Case, Comparison, Figure, Objects, Scale, Spread

Rows = list[dict[str, str]]
ROLES = ("flow", "scoring", "server", "worker")
STANDARD = "pool"
"""The system whose scoring time is 1."""
LEAST = 0.1
"""Seconds of it below which nothing is compared with it: there was nothing to do."""
SCALED = "about "
"""Before a figure that was scaled up from fewer mini-batches."""


def on_terminal(title: str, rows: Rows) -> Table:
    """A table with the first column to the left and the others to the right."""
    table = Table(title=title, title_justify="left", pad_edge=False, min_width=len(title))
    for number, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if number else "left", no_wrap=number > 0)
    for row in rows:
        table.add_row(*row.values())
    return table


def on_page(title: str, rows: Rows) -> str:
    """The same in Markdown."""
    aligned = ["left", *["right"] * (len(rows[0]) - 1)]
    return f"{title}\n\n{tabulate(rows, headers='keys', tablefmt='github', colalign=aligned, disable_numparse=True)}\n"


def compare(result: Comparison, case: Case) -> Rows:
    """What each system took for a case, in seconds; see the columns' meaning in benchmarks/README.md."""
    return [_row(result, case, system) for system in result.titles]


def growth(result: Scale) -> Rows:
    """What each job took: wall time, memory, and what it asked of Prefect."""
    return [
        {
            "files": f"{job.files:,}",
            "mini-batches": f"{job.mini_batches:,}",
            "whole job, s": f"{job.whole:.1f}",
            "ms a mini-batch": f"{job.tax:.2f}",
            **{f"{role}, MB": f"{job.memory.get(role, 0) / 1e6:.0f}" for role in ROLES},
            "task runs": str(job.task_runs),
            "API calls": str(job.requests),
        }
        for job in result.jobs
    ]


def stages(result: Scale) -> Rows:
    """The seconds of each stage, as the jobs' summaries tell them."""
    known = dict.fromkeys(stage for job in result.jobs for stage in job.stages)
    return [
        {"files": f"{job.files:,}", **{stage: f"{job.stages.get(stage, 0):.1f}" for stage in known}}
        for job in result.jobs
    ]


def objects(result: Objects) -> Rows:
    """What fetching and scoring took, and how they compare turn by turn."""
    ratios = [score / fetch for score, fetch in zip(result.score, result.fetch, strict=True)]
    figures = {"fetch alone, s": result.fetch, "scoring, s": result.score, "scoring / fetch": ratios}
    spreads = {title: Spread.of(found) for title, found in {**figures, "a slot waited, s": result.waited}.items()}
    rate = result.objects / spreads["fetch alone, s"].median
    return [
        {
            "": "median (least to most)",
            "objects/s alone": f"{rate:.0f}",
            **{title: f"{one.median:.2f} ({one.least:.2f} to {one.most:.2f})" for title, one in spreads.items()},
        }
    ]


def _row(result: Comparison, case: Case, system: str) -> dict[str, str]:
    return {
        "system": result.titles[system],
        "start": f"{result.spread(system, case, 'start').median:.2f}",
        "scoring": _with_spread(result, case, system, "scoring"),
        "finish": f"{result.spread(system, case, 'finish').median:.2f}",
        "whole job": _with_spread(result, case, system, "whole"),
        "scoring / Pool": _ratio(result, case, system),
        "ms a mini-batch": f"{result.spread(system, case, 'tax').median:.2f}",
        **_memory(result, case, system),
    }


def _ratio(result: Comparison, case: Case, system: str) -> str:
    if STANDARD not in result.titles:
        return ""
    scoring, standard = (result.spread(name, case, "scoring").median for name in (system, STANDARD))
    return f"{scoring / standard:.2f}" if standard > LEAST else ""


def _with_spread(result: Comparison, case: Case, system: str, figure: Figure) -> str:
    """The median, and between which figures all repeats lay."""
    spread = result.spread(system, case, figure)
    about = SCALED if result.is_scaled(system, case) else ""
    return f"{about}{spread.median:.2f} ({spread.least:.2f} to {spread.most:.2f})"


def _memory(result: Comparison, case: Case, system: str) -> dict[str, str]:
    peaks = next(one for one in result.peaks if (one.system, one.case) == (system, case))
    servers = f"{peaks.servers[ALL] / 1e9:.2f}" if peaks.servers.get(ALL) else ""
    return {"peak GB": f"{peaks.job[ALL] / 1e9:.2f}", "servers GB": servers}
