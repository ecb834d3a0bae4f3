"""`batchpoint token`: what lets callers in from outside."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

import click

from blocks.tokens import Role, Token
from deployments import service
from deployments.cli import options
from deployments.cli.ages import Age
from deployments.cli.command import Noun
from deployments.cli.session import Session

if TYPE_CHECKING:
    from deployments.service.tokens import NewToken

KEPT_BACK = {"salt", "digest"}


@click.group("token", cls=Noun)
def token() -> None:
    """Tokens, which let callers of the gateway in."""


@token.command("create")
@click.option("--endpoint-name", "-e", help=options.about(Token, "endpoint"))
@click.option(
    "--role",
    type=click.Choice(get_args(Role)),
    default="invoke",
    show_default=True,
    help=options.about(Token, "role"),
)
@click.option("--expires", type=Age(), help="How long it lasts, such as 90d or 12h; left out, until it is revoked.")
@options.description(Token)
@click.pass_obj
def create(
    session: Session, endpoint_name: str | None, role: Role, expires: timedelta | None, description: str | None
) -> dict[str, Any]:
    """Make a token and show it, this once: only a hash of it is kept."""
    made = service.tokens.create(
        session.store, endpoint=endpoint_name, role=role, lifetime=expires, description=description or ""
    )
    return _shown_once(made)


@token.command("list")
@click.pass_obj
def list_all(session: Session) -> list[dict[str, Any]]:
    """List the tokens there are, without what they open."""
    return [{**_shown(each), "has_expired": each.has_expired} for each in service.tokens.list_all(session.store)]


@token.command("revoke")
@click.option("--name", "-n", required=True, help=options.about(Token, "name"))
@options.yes
@click.pass_obj
def revoke(session: Session, name: str, yes: bool) -> None:
    """End a token; callers that show it are refused from then on."""
    options.confirm(f"Revoke token {name}?", yes)
    service.tokens.revoke(session.store, name)


def _shown_once(made: "NewToken") -> dict[str, Any]:
    return {"token": made.text, **_shown(made.token)}


def _shown(kept: Token) -> dict[str, Any]:
    return kept.model_dump(mode="json", exclude=KEPT_BACK)
