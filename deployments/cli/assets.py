"""Verbs that models, environments and data assets share; each noun has them beside a `create` of its own."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from blocks.specs import Asset
from deployments import service
from deployments.cli import options
from deployments.cli.session import Session

if TYPE_CHECKING:
    from blocks.store import Store
    from deployments.service.assets import Shown

Delete = Callable[["Store", str, str | None], None]

every_version = click.option("--version", "-v", help="The version; left out, all of them.")


def add_shared_verbs(noun: click.Group, kind: type[Asset], delete: Delete) -> None:
    """Give a noun the verbs show, list, archive, restore and delete; a show of its own stays.

    Args:
        noun: the group of the kind's commands.
        kind: what it is about.
        delete: the service's verb, of store, name and version.
    """
    if "show" not in noun.commands:
        _add_show(noun, kind)
    for add in (_add_list, _add_archive, _add_restore):
        add(noun, kind)
    _add_delete(noun, kind, delete)


def _add_show(noun: click.Group, kind: type[Asset]) -> None:
    @noun.command("show", help=f"Show a {kind.word} in a version, or in its newest.")
    @options.named(kind)
    @click.option("--version", "-v", help="The version; left out, the one registered last.")
    @click.option("--label", "-l", type=click.Choice(["latest"]), help="latest: the one registered last.")
    @click.pass_obj
    def show(session: Session, name: str, version: str | None, label: str | None) -> dict[str, object]:
        return service.shown.asset(
            session.store, service.assets.show(session.store, kind, name, None if label else version)
        )


def _add_list(noun: click.Group, kind: type[Asset]) -> None:
    @noun.command("list", help=f"List every version of every {kind.word}, or of one; archived ones are left out.")
    @options.named(kind, required=False)
    @click.option("--archived-only", "shown", flag_value="archived", help="List archived versions only.")
    @click.option("--include-archived", "shown", flag_value="all", help="List archived versions too.")
    @click.pass_obj
    def list_all(session: Session, name: str | None, shown: "Shown | None") -> list[Asset]:
        if name:
            return list(service.assets.list_versions(session.store, kind, name, shown or "active"))
        return list(service.assets.list_all(session.store, kind, shown or "active"))


def _add_archive(noun: click.Group, kind: type[Asset]) -> None:
    @noun.command("archive", help=f"Leave a {kind.word} out of lists and of @latest; what uses it goes on.")
    @options.named(kind)
    @every_version
    @click.pass_obj
    def archive(session: Session, name: str, version: str | None) -> None:
        service.assets.archive(session.store, kind, name, version)


def _add_restore(noun: click.Group, kind: type[Asset]) -> None:
    @noun.command("restore", help=f"Take an archived {kind.word} in again.")
    @options.named(kind)
    @every_version
    @click.pass_obj
    def restore(session: Session, name: str, version: str | None) -> None:
        service.assets.archive(session.store, kind, name, version, archived=False)


def _add_delete(noun: click.Group, kind: type[Asset], delete: Delete) -> None:
    @noun.command("delete", help=f"Forget a version of a {kind.word}; refused while something uses it.")
    @options.named(kind)
    @click.option("--version", "-v", help="The version; may be left out when there is one only.")
    @options.yes
    @click.pass_obj
    def forget(session: Session, name: str, version: str | None, yes: bool) -> None:
        options.confirm(f"Delete {kind.word} {name} {version or ''}?".replace(" ?", "?"), yes)
        delete(session.store, name, version)
