"""What is known of a mini-batch after a try: the small frozen records that parts, ledger and errors are made of."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def printable(text: Any) -> Any:
    """Text as UTF-8 can hold it: what is not, such as the odd bytes of a file's name, is shown by its number."""
    return text.encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(printable)]


class Record(BaseModel):
    """Base of what is written to the job's folder by us and read back by us."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Where(Record):
    """A place in the user's script: the file relative to the code folder, a line from 1."""

    file: Text
    line: int
    function: Text = ""
    text: Text = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f" in {self.function}" if self.function else "")


NO_EXCEPTIONS = {"timeout", "crash", "exit", "memory", "device_memory", "short_return", "wrong_file"}
"""Faults that are not called by an exception's class; their messages say it all."""


class Fault(Record):
    """Why a try failed, as text: exceptions of another interpreter cannot travel as objects."""

    error: Text = Field(
        description="Class of the exception, or timeout, crash, exit, memory, device_memory, short_return, wrong_file."
    )
    message: Text
    where: Where | None = None
    traceback: Text = ""
    bases: tuple[str, ...] = Field((), description="Names of the classes that the exception's derives from.")

    @classmethod
    def from_child(cls, told: dict[str, Any]) -> Self:
        """The fault in a `raised` message of the scoring process."""
        return cls(
            error=told["class"],
            message=told["message"],
            where=told["where"],
            traceback=told["traceback"],
            bases=told["bases"],
        )

    def without_traceback(self) -> Self:
        """As facts keep it: a traceback for each of a million files would fill memory and disk."""
        return self.model_copy(update={"traceback": "", "bases": ()})

    @property
    def names(self) -> set[str]:
        """What retry_on may call it by: its class and those that this derives from, or what kind it is."""
        return {self.error, *self.bases}

    @property
    def cause(self) -> tuple[str, str]:
        """What failures that are alike have in common: their class, and their place in the script if it is known.

        The place is a function where a script was ended: one in a loop is found at any of its lines.
        """
        if self.where is None:
            return self.error, ""
        place = f" in {self.where.function}" if self.error in {"timeout", "memory"} else f":{self.where.line}"
        return self.error, f"{self.where.file}{place}"

    @property
    def is_crash(self) -> bool:
        """Whether the scoring process ended in the middle of the try."""
        return self.error in {"timeout", "crash", "exit", "memory"}

    def __str__(self) -> str:
        first_line = self.message.strip().split("\n", 1)[0]
        said = first_line if self.error in NO_EXCEPTIONS else f"{self.error}: {first_line}"
        return f"{said} ({self.where})" if self.where else said


class FailedFile(Record):
    """One input file that was given up, and which of its mini-batch's faults is why."""

    path: Text
    fault: int = 0
    calls: int = Field(0, description="Of run() that it took part in while it was isolated, beyond its tries.")
    seconds: float = Field(0.0, description="That the last call which it took part in ran before it failed.")


class PieceFacts(Record):
    """Files of a mini-batch that one call of run() scored, where it took several."""

    first: int = Field(description="Position in the mini-batch of the first of them.")
    files: int
    rows: int
    length: int = Field(description="Bytes of their rows, which follow those of the piece before.")


class WrittenFile(Record):
    """A file that the script wrote into AZUREML_BI_OUTPUT_PATH: its name relative to that, and its size in bytes."""

    name: str
    size: int


class WrittenFiles(Record):
    """What one call of run() wrote there."""

    folder: str = Field(description="Where the job keeps these files: a folder of the call's own.")
    files: tuple[WrittenFile, ...]

    @property
    def names(self) -> set[str]:
        """The files' names."""
        return {file.name for file in self.files}


class Facts(Record):
    """What one mini-batch came to. Beside its rows in a part, or alone when it is in none."""

    mini_batch: int
    files: int
    rows: int = 0
    failed: tuple[FailedFile, ...] = ()
    faults: tuple[Fault, ...] = ()
    kept: int = Field(0, description="Files whose rows are those of another job.")
    untried: int = Field(0, description="Files that were not tried yet, where the others were kept.")
    tries: int = 1
    calls: int = Field(0, description="Calls of run() that isolating its culprits took, beyond the tries.")
    pieces: tuple[PieceFacts, ...] = Field((), description="In input order; none where one call scored all files.")
    written: tuple[WrittenFiles, ...] = Field((), description="Files that the script wrote itself, by call of run().")
    seconds: float = Field(0.0, description="Of the call of run() that returned.")
    fetch_seconds: float = Field(0.0, description="That the slot waited for the files of this mini-batch.")
    failed_seconds: float = Field(0.0, description="Of the calls of run() that failed, in the last try.")
    wait_seconds: float = Field(0.0, description="That the slot waited for its turn, or for a scoring process.")
    began: float = Field(0.0, description="When the slot turned to it for the last try, in seconds since 1970.")
    slot: int = 0
    is_final: bool = Field(True, description="False after a failed try that another one follows.")

    @property
    def is_isolated(self) -> bool:
        """Whether its files were scored apart from one another, because one of them failed."""
        return bool(self.pieces)

    @property
    def scored(self) -> int:
        """Files whose rows are kept."""
        return self.files - len(self.failed) - self.untried
