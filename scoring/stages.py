"""What a job's seconds went into."""

import time

STAGES = {
    "submit": "from the start of the command that sent the job until that is created (unknown for other doors)",
    "pick_up": "until the job's process starts",
    "import": "until the first line of its flow runs",
    "turn": "until it has its turn among the jobs of its schedule",
    "resolve": "until the manifest is written",
    "wait": "until it has instances of the compute",
    "environment": "until the environment is on this machine",
    "list": "until the input files are listed",
    "keep": "until the rows that are kept of an earlier job are there",
    "cluster": "until the last mini-batches are handed to the Dask workers",
    "score": "until the last mini-batch is done",
    "merge": "until the rows are merged",
}
BESIDE = {
    "start": "from the start of the first scoring process that was ready to the end of the script's import",
    "init": "to the return of its init()",
}


def described() -> str:
    """The stages, for whoever reads a summary."""
    in_turn, beside = (", ".join(f"{name} ({what})" for name, what in all_.items()) for all_ in (STAGES, BESIDE))
    return f"Seconds of the job's stages, one after the other: {in_turn}; and beside them: {beside}."


class Stages:
    """Seconds of the stages of a job, each of which ends where the next one begins."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def end(self, stage: str) -> None:
        """The stage that goes on has come to its end, and has this name."""
        now = time.monotonic()
        self.seconds[stage] = now - self._since
        self._since = now

    def ends(self) -> dict[str, tuple[float, float]]:
        """When each stage that has ended did so, in seconds since 1970, and the seconds that it took."""
        found, end = {}, time.time() - (time.monotonic() - self._since)
        for name in reversed([name for name in STAGES if name in self.seconds]):
            found[name] = (end, self.seconds[name])
            end -= self.seconds[name]
        return found

    def rounded(self) -> dict[str, float]:
        """To the millisecond, in the order of a job."""
        return {name: round(self.seconds[name], 3) for name in (*STAGES, *BESIDE) if name in self.seconds}
