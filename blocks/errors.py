"""What can go wrong between a name and what is registered under it."""

HINTS = {
    "endpoint": "batchpoint batch-endpoint create --name {0}",
    "deployment": "batchpoint batch-deployment create --name {1} --endpoint-name {0} --file deployment.yml",
    "model": "batchpoint model create --name {0} --path FOLDER",
    "compute": "batchpoint compute create --name {0} --type local --max-instances 1",
    "environment": "batchpoint environment create --name {0} --conda-file conda.yaml",
    "data asset": "batchpoint data create --name {0} --path FOLDER",
    "token": "batchpoint token create",
    "hook": "batchpoint hook create --name {0} --endpoint-name ENDPOINT",
    "datastore": "batchpoint datastore create --name {0} --root FOLDER",
}


class BlockError(Exception):
    """Base of everything `blocks` raises on purpose."""


class NotRegistered(BlockError):  # noqa: N818 - reads as what happened, like FileNotFound does
    """Nothing is registered under this name.

    Args:
        word: what was looked for, as its kind is called: endpoint, model, data asset.
        name: the parts of its name, such as an endpoint's and a deployment's.
        known: names that are registered in its place, spelled as they were given.
    """

    def __init__(self, word: str, name: tuple[str, ...], known: tuple[str, ...] = ()) -> None:
        super().__init__(word, name, known)
        self.word, self.name, self.known = word, name, known

    def __str__(self) -> str:
        if self.word == "deployment":
            said = f"endpoint {self.name[0]!r} has no deployment {self.name[1]!r}; it has {_either(self.known)}"
        elif len(self.name) > 1 and self.known:
            said = f"{self.word} {self.name[0]!r} has no version {self.name[1]!r}; it has {_either(self.known)}"
        else:
            said = f"no {self.word} {self.name[0]!r} is registered; there is {_either(self.known)}"
        hint = HINTS.get(self.word)
        return f"{said}; to register it: {hint.format(*self.name)}" if hint else said


class AlreadyRegistered(BlockError):  # noqa: N818 - see above
    """Something else took this name first.

    Args:
        word: what was to be registered, as its kind is called.
        name: the parts of its name.
    """

    def __init__(self, word: str, name: tuple[str, ...]) -> None:
        super().__init__(word, name)
        self.word, self.name = word, name

    def __str__(self) -> str:
        return (
            f"{self.word} {'/'.join(filter(None, self.name))!r} was registered by someone else at the same moment; "
            "look at it with show, and try again to change it"
        )


class UnreadableBlock(BlockError):  # noqa: N818 - see above
    """A block document holds what its kind does not allow, as after an edit by hand."""

    def __init__(self, document: str, problems: tuple[str, ...]) -> None:
        super().__init__(document, problems)
        self.document, self.problems = document, problems

    def __str__(self) -> str:
        return (
            f"block {self.document} cannot be used: {'; '.join(self.problems)}; "
            "correct it in Prefect's UI, or register it again"
        )


class UnclearReference(BlockError):  # noqa: N818 - see above
    """A reference is written in a form that is not known."""


class UnusableCredentials(BlockError):  # noqa: N818 - see above
    """The block that a datastore names for its credentials is not there, or holds none."""

    def __init__(self, datastore: str, block: str, reason: str) -> None:
        super().__init__(datastore, block, reason)
        self.datastore, self.block, self.reason = datastore, block, reason

    def __str__(self) -> str:
        return f"datastore {self.datastore!r} has its credentials in Prefect block {self.block}, {self.reason}"


def _either(names: tuple[str, ...]) -> str:
    quoted = [repr(name) for name in names]
    if not quoted:
        return "none"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]
