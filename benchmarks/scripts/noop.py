"""Scoring script that does nothing: what a job with it costs is the tax of the system that runs it."""


def run(mini_batch: list[str]) -> list[str]:
    """The names of the files; not even opened."""
    return [path.rpartition("/")[2] for path in mini_batch]
