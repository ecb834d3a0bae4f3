"""`batchpoint schedule`: jobs that an endpoint gets on time."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.schedules import Schedule
from deployments import service
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import document_of, read

if TYPE_CHECKING:
    from deployments.service.job_records import Job

if TYPE_CHECKING:
    from deployments.service.shown import Shown


@click.group("schedule", cls=Noun)
def schedule() -> None:
    """Jobs that an endpoint gets on time: by cron, or at intervals."""


@schedule.command("create")
@options.file
@options.named(Schedule, required=False)
@options.no_wait
@options.assignments
@click.pass_obj
def create(session: Session, /, file: Path | None, assignments: tuple[str, ...], **flags: options.Flag) -> "Shown":
    """Register a schedule, or change the one of its name."""
    with options.declared(Schedule, read(file), assignments, **flags) as spec:
        created = service.schedules.create(session.store, session.launcher, spec)
        return service.shown.schedule(session.store, session.launcher, created)


@schedule.command("update")
@options.file
@options.named(Schedule)
@options.no_wait
@options.additions
@options.removals
@options.assignments
@click.pass_obj
def update(
    session: Session,
    file: Path | None,
    name: str,
    assignments: tuple[str, ...],
    additions: tuple[str, ...],
    removals: tuple[str, ...],
) -> "Shown":
    """Change a schedule; the next job is sent as it then says."""
    document = options.changed(document_of(service.schedules.show(session.store, name)), file, additions, removals)
    with options.declared(Schedule, document, assignments, name=name) as spec:
        updated = service.schedules.create(session.store, session.launcher, spec)
        return service.shown.schedule(session.store, session.launcher, updated)


@schedule.command("show")
@options.named(Schedule)
@click.pass_obj
def show(session: Session, name: str) -> "Shown":
    """Show a schedule, and whether it is enabled."""
    return service.shown.schedule(session.store, session.launcher, service.schedules.show(session.store, name))


@schedule.command("list")
@click.option("--disabled-only", is_flag=True, help="Only those that send no jobs.")
@click.option("--include-disabled", is_flag=True, help="Those too that send no jobs.")
@click.pass_obj
def list_all(session: Session, disabled_only: bool, include_disabled: bool) -> "list[Shown]":
    """List the schedules that are enabled."""
    everything = [
        service.shown.schedule(session.store, session.launcher, each)
        for each in service.schedules.list_all(session.store)
    ]
    return [each for each in everything if include_disabled or each["is_enabled"] is not disabled_only]


@schedule.command("enable")
@options.named(Schedule)
@options.no_wait
@click.pass_obj
def enable(session: Session, name: str) -> "Shown":
    """Have a schedule send jobs again."""
    switched = service.schedules.switch(session.store, session.launcher, name, is_enabled=True)
    return service.shown.schedule(session.store, session.launcher, switched)


@schedule.command("disable")
@options.named(Schedule)
@options.no_wait
@click.pass_obj
def disable(session: Session, name: str) -> "Shown":
    """Have a schedule send no more jobs until it is enabled again."""
    switched = service.schedules.switch(session.store, session.launcher, name, is_enabled=False)
    return service.shown.schedule(session.store, session.launcher, switched)


@schedule.command("delete")
@options.named(Schedule)
@options.yes
@options.no_wait
@click.pass_obj
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget a schedule; jobs that it sent stay."""
    options.confirm(f"Delete schedule {name}?", yes)
    service.schedules.delete(session.store, session.launcher, name)


@schedule.command("trigger")
@options.named(Schedule)
@click.pass_obj
def trigger(session: Session, name: str) -> "Job":
    """Send the job of a schedule now, whether it is enabled or not."""
    found = service.schedules.show(session.store, name)
    return service.jobs.invoke(session.store, session.launcher, service.schedules.request_of(found))
