"""What a verb has to say beside its result: a line that someone should see, though all went well."""

from collections.abc import Callable

Tell = Callable[[str], None]


def nobody(said: str) -> None:
    """Let a line pass unseen."""
