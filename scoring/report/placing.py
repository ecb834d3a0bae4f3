"""Where a report is put: beside the output's other files, or into the job's folder where that name is taken."""

import csv
import logging
from pathlib import Path

from jinja2 import TemplateError

from scoring.errors import ScoringError
from scoring.job import Job
from scoring.output import written_by
from scoring.report.build import REPORT, build
from scoring.report.distributions import Distributions
from scoring.storage import Folder
from scoring.summary import Summary

UNBUILT = (ScoringError, OSError, LookupError, ArithmeticError, ValueError, TypeError, csv.Error, TemplateError)
"""What building a page can raise where a file or a number is not what it should be."""

log = logging.getLogger(__name__)


def stage_report(job: Job, summary: Summary, staged: Path, earlier: Distributions | None) -> bool:
    """Build a job's report among the files of its output that are not published yet.

    Args:
        job: that has ended.
        summary: what it came to.
        staged: the folder of these files.
        earlier: what the output of the endpoint's previous job held.
    Returns: whether it is there. It is not where the script wrote a file of that name, or somebody else did: then it
        is in the job's folder. One that cannot be built is told of in the log, and fails no job.
    """
    try:
        page = build(job, summary, Folder(staged), earlier)
        if is_free := _is_free(job, staged):
            Folder(staged).write(REPORT, page)
        else:
            job.folder.write(REPORT, page)
    except UNBUILT as error:
        log.warning("The job has no report: %s: %s", type(error).__name__, error, extra={"action": "build_report"})
        return False
    return is_free


def _is_free(job: Job, staged: Path) -> bool:
    output, manifest = Folder(job.manifest.output), job.manifest
    if (staged / REPORT).exists():
        return False
    return manifest.overwrite or not output.exists(REPORT) or REPORT in written_by(output, manifest.job)
