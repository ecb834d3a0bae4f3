"""Opening pages about a job."""

import os
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from deployments.service.job_records import Job


def open_page(job: "Job") -> None:
    """Open a job's page in a browser; where there is none, print its link to stderr."""
    for link in job.services.values():
        if not (_has_screen() and webbrowser.open(link.endpoint)):
            click.echo(f"Web view: {link.endpoint}", err=True)


def open_file(page: Path) -> None:
    """Open a file in a browser; where there is none, say so."""
    if not (_has_screen() and webbrowser.open(page.absolute().as_uri())):
        click.echo(f"No browser could be opened; the page is {page}", err=True)


def _has_screen() -> bool:
    """Without one, a browser for terminals would take over the one that the command runs in."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
