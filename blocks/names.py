"""Names of block documents, made from the names users chose."""

import hashlib
import re

CLEAN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST = 200
JOBS = "azureml"
"""The folder in a datastore that the folders of jobs lie in, as Azure calls it."""


def block_name(*parts: str) -> str:
    """The block document's name for something named by `parts`.

    Lower case, other characters as dashes, parts joined by two dashes; three dashes and a short digest follow where
    that lost anything but case, so two names share a block only when they differ in nothing but case.
    """
    lowered = [part.lower() for part in parts]
    joined = "--".join(lowered)
    if all(CLEAN.fullmatch(part) for part in lowered) and len(joined) <= LONGEST:
        return joined
    slug = "--".join(re.sub(r"[^a-z0-9]+", "-", part).strip("-") for part in lowered)
    digest = hashlib.sha256("\0".join(lowered).encode()).hexdigest()[:10]
    return f"{slug[:LONGEST].strip('-')}---{digest}".lstrip("-")


def same_name(one: str, other: str) -> bool:
    """Whether two names mean the same thing: names keep their spelling and compare without case."""
    return one.lower() == other.lower()


def schedule_limit(schedule: str) -> str:
    """The Prefect global concurrency limit that keeps the jobs of a schedule from running beside each other."""
    return f"schedule-{block_name(schedule)}"


def hook_secret(hook: str) -> str:
    """The Prefect Secret block that holds the secret of a hook."""
    return f"hook-{block_name(hook)}"


def compute_limit(compute: str) -> str:
    """The Prefect global concurrency limit that bounds the instances of all jobs on a compute together."""
    return f"compute-{block_name(compute)}"
