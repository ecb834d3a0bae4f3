"""One piece of advice: what a job's numbers show, what to set, and what that would bring."""

from pydantic import Field

from scoring.facts import Record


class Advice(Record):
    """What to change for the next job like this one. Seconds are those of its scoring, unless `gain` says otherwise."""

    finding: str = Field(description="What the job's own numbers show.")
    change: str = Field(description="What to do about it.")
    setting: str = Field("", description="The setting that it is about, if it is about one.")
    flag: str = Field("", description="What to type behind `batchpoint batch-endpoint invoke`.")
    seconds: float | None = Field(None, description="That the job is expected to take less.")
    gain: str = Field(description="What to expect, in a sentence.")

    def row(self) -> dict[str, str]:
        """The advice as a line of a table."""
        return {"change": self.change, "flag": self.flag, "gain": self.gain, "finding": self.finding}


def setting_flag(name: str, value: object) -> str:
    """What sets a setting for one job."""
    return f"--mini-batch-size {value}" if name == "mini_batch_size" else f"--set {name}={value}"
