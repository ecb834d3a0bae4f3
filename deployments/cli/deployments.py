"""`batchpoint batch-deployment`: what scores the files."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocks.specs import Deployment
from deployments import service
from deployments.cli import options
from deployments.cli.command import Noun
from deployments.cli.session import Session
from deployments.declarations import document_of, read

of_endpoint = click.option("--endpoint-name", "-e", required=True, help=options.about(Deployment, "endpoint_name"))
skip_check = click.option(
    "--skip-script-validation", is_flag=True, help="Register the scoring script without a look at it."
)

if TYPE_CHECKING:
    from deployments.service.shown import Shown


@click.group("batch-deployment", cls=Noun, later={"list-jobs": "deployments.cli.jobs:list_jobs_of_deployment"})
def deployment() -> None:
    """What scores the files: a model, its scoring script, compute and settings, under an endpoint."""


@deployment.command("create")
@options.file
@options.named(Deployment, required=False)
@click.option("--endpoint-name", "-e", help=options.about(Deployment, "endpoint_name"))
@click.option("--set-default", is_flag=True, help="Send the endpoint's jobs here from now on.")
@skip_check
@options.leave_build
@options.description(Deployment)
@options.tags
@options.assignments
@click.pass_obj
def create(
    session: Session,
    /,
    file: Path | None,
    set_default: bool,
    skip_script_validation: bool,
    no_wait: bool,
    assignments: tuple[str, ...],
    **flags: options.Flag,
) -> "Shown":
    """Register a deployment, or change the one of its name."""
    check = not skip_script_validation
    with options.declared(Deployment, read(file), assignments, **flags) as spec:
        created = service.deployments.create(
            session.store,
            session.launcher,
            spec,
            set_default=set_default,
            check=check,
            build=not no_wait,
            tell=options.note,
        )
    return service.shown.deployment(session.store, session.launcher, created)


@deployment.command("update")
@options.file
@options.named(Deployment)
@of_endpoint
@skip_check
@options.leave_build
@options.description(Deployment)
@options.tags
@options.additions
@options.removals
@options.assignments
@click.pass_obj
def update(
    session: Session,
    /,
    file: Path | None,
    name: str,
    endpoint_name: str,
    skip_script_validation: bool,
    no_wait: bool,
    assignments: tuple[str, ...],
    additions: tuple[str, ...],
    removals: tuple[str, ...],
    **flags: options.Flag,
) -> "Shown":
    """Change a deployment: --set settings.mini_batch_size=20. Jobs that run go on as they began."""
    registered = document_of(service.deployments.show(session.store, endpoint_name, name))
    document = options.changed(registered, file, additions, removals)
    with options.declared(Deployment, document, assignments, name=name, endpoint_name=endpoint_name, **flags) as spec:
        check = not skip_script_validation
        updated = service.deployments.update(
            session.store, session.launcher, spec, check=check, build=not no_wait, tell=options.note
        )
        return service.shown.deployment(session.store, session.launcher, updated)


@deployment.command("show")
@options.named(Deployment)
@of_endpoint
@click.pass_obj
def show(session: Session, name: str, endpoint_name: str) -> "Shown":
    """Show a deployment: what was declared, whether it is the default, and its last job."""
    return service.shown.deployment(
        session.store, session.launcher, service.deployments.show(session.store, endpoint_name, name)
    )


@deployment.command("list")
@of_endpoint
@click.pass_obj
def list_all(session: Session, endpoint_name: str) -> list[Deployment]:
    """List an endpoint's deployments."""
    return service.deployments.list_all(session.store, endpoint_name)


@deployment.command("delete")
@options.named(Deployment)
@of_endpoint
@options.yes
@options.no_wait
@click.pass_obj
def delete(session: Session, name: str, endpoint_name: str, yes: bool) -> None:
    """Forget a deployment; the default is refused while the endpoint has others."""
    options.confirm(f"Delete deployment {name} of endpoint {endpoint_name}?", yes)
    service.deployments.delete(session.store, session.launcher, endpoint_name, name)
