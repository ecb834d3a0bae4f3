"""What can go wrong while files are scored, grouped by what a caller would handle."""

from scoring.facts import Fault


class ScoringError(Exception):
    """Base of everything `scoring` raises on purpose."""

    def __repr__(self) -> str:
        """The sentence: Prefect logs the repr of what a task run raises."""
        return f"{type(self).__name__}: {self}"


class ScriptError(ScoringError):
    """The scoring script cannot be used: missing, not Python, without run(), or its init() fails."""


class InputError(ScoringError):
    """The input is not there, or holds nothing to score."""


class StoreError(ScoringError):
    """A store does not do what it was asked: it denies it, is not reached, or is of a kind that nothing here opens."""

    def __init__(self, place: str, doing: str, reason: str) -> None:
        super().__init__(place, doing, reason)
        self.place, self.doing, self.reason = place, doing, reason

    def __str__(self) -> str:
        return f"{self.place} cannot be {self.doing}: {self.reason}"


class OutputExistsError(ScoringError):
    """The output is there already, and was not asked to be replaced."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} exists already; choose another output path or file name, or remove it"


class AccountExistsError(OutputExistsError):
    """The output folder holds the account of another job, whose files are called the same in every job."""

    def __str__(self) -> str:
        return f"{self.path} exists already: another job's output is in that folder; choose another output path"


class OutputClaimedError(ScoringError):
    """Another job is putting its output into the same folder, or died while it did."""

    def __init__(self, output: str, job: str, claim: str) -> None:
        super().__init__(output, job, claim)
        self.output, self.job, self.claim = output, job, claim

    def __str__(self) -> str:
        return (
            f"job {self.job} is writing its output to {self.output}; choose another output path, or remove "
            f"{self.claim} if that job is gone"
        )


class InitFailedError(ScriptError):
    """The script could not be imported or its init() failed, timed out or took the process with it."""

    def __init__(self, stage: str, fault: Fault) -> None:
        super().__init__(stage, fault)
        self.stage, self.fault = stage, fault

    def __str__(self) -> str:
        doing = (
            "the scoring script could not be imported"
            if self.stage == "import"
            else "init() of the scoring script failed"
        )
        return f"{doing}: {self.fault}"


class TryFailedError(ScoringError):
    """One try of a mini-batch failed, after so many seconds."""

    def __init__(self, index: int, fault: Fault, seconds: float = 0.0) -> None:
        super().__init__(index, fault, seconds)
        self.index, self.fault, self.seconds = index, fault, seconds

    def __str__(self) -> str:
        return f"mini-batch {self.index}: {self.fault}"


class MiniBatchesFailedError(ScoringError):
    """After an attempt some mini-batches of a chunk are in no part: how many, and why the first of them failed.

    `is_final` says that all of them were given up: another attempt would find nothing to do.
    """

    def __init__(self, first: int, fault: Fault, count: int, tries: int, most: int, *, is_final: bool = False) -> None:
        super().__init__(first, fault, count, tries, most)
        self.first, self.fault, self.count, self.tries, self.most = first, fault, count, tries, most
        self.is_final = is_final

    def __str__(self) -> str:
        others = f" (and {self.count - 1} more of its chunk)" if self.count > 1 else ""
        return f"mini-batch {self.first}{others} failed, try {self.tries} of {self.most}: {self.fault}"


class TrackingError(ScoringError):
    """A tracking store, which a deployment names, cannot be used."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(uri, reason)
        self.uri, self.reason = uri, reason

    def __str__(self) -> str:
        return f"tracking store {self.uri} (settings.tracking_uri) cannot be used: {self.reason}"


class SpoolError(ScoringError):
    """Rows cannot be written on the machine that scored them: its disk is full, say. No file is to blame."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"rows cannot be written to {self.path}: {self.reason}; make room there, and resume the job"


class JobStoppedError(ScoringError):
    """The job is ending early: nothing new starts, and what ran was killed."""

    def __str__(self) -> str:
        return "the job is ending; the rest of this chunk was not scored"


class SupersededError(ScoringError):
    """Another run of the job has taken a newer lease: this one may store nothing more."""

    def __init__(self, generation: int) -> None:
        super().__init__(generation)
        self.generation = generation

    def __str__(self) -> str:
        return (
            f"another run of this job has begun (this one's lease, number {self.generation}, is no longer the newest): "
            "it goes on with the job, and this one ends without storing anything more"
        )
