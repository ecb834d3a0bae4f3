"""What can be wrong with a declaration."""


class DeclarationError(Exception):
    """A declaration cannot be used.

    Args:
        problems: one sentence each, which begins with the file and line, or the flag, that it is about.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)
