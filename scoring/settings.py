"""How files are scored: every setting once, with its default and its limits."""

import random
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from scoring.image_settings import ImageSettings
from scoring.quantities import Bytes, Seconds, Threshold
from scoring.strict import Strict

RETRIED_KINDS = ("crash", "device_memory", "exit", "memory", "timeout")
"""What failures of run() are called otherwise than by an exception's class; a short return is never tried again."""
STORE = re.compile(r"databricks$|[a-z][-+.a-z0-9]*://")
RELATIVE_SQLITE = re.compile(r"sqlite:///(?!/)")
FORBIDDEN_IN_FILE_NAME = re.compile(r"[~\"#%&*:<>?/\\{|}]")


class OutputAction(StrEnum):
    """What becomes of the rows that run() returns."""

    APPEND_ROW = "append_row"
    SUMMARY_ONLY = "summary_only"


class OutputFormat(StrEnum):
    """How rows are written; the file name's extension decides unless azureml is asked for."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    AZUREML = "azureml"


class LoggingLevel(StrEnum):
    """How much of a script's logging is kept."""

    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def as_words(value: object) -> object:
    """A list, also where it is written as text with commas, as in --set retry_settings.retry_on=timeout,OSError."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _check_failure(name: str) -> None:
    """Raises: ValueError for what no failure is called by."""
    if name == "short_return":
        raise ValueError("short_return cannot be retried: a call of run() that returned is not repeated; remove it")
    own = name.rpartition(".")[2]
    if own != name and own.isidentifier():
        raise ValueError(f"{name!r} is more than the class's own name; write {own}")
    if not name.isidentifier():
        kinds = ", ".join(RETRIED_KINDS)
        raise ValueError(f"{name!r} is no name of an exception's class, nor one of {kinds}; write such a name")


AnyCase = BeforeValidator(_lower)


class RetrySettings(Strict):
    """How often and how long a mini-batch is tried."""

    max_retries: int = Field(
        3, ge=0, description="Tries after the first one that a failed mini-batch gets: N means N + 1 tries."
    )
    timeout: Seconds = Field(30, gt=0, le=259200, description="Seconds that one call of run() may take.")
    delay: Seconds = Field(0, ge=0, le=3600, description="Seconds to wait before a failed mini-batch is tried again.")
    jitter: float = Field(
        0, ge=0, le=1, description="How much of the delay is random: 0 none, 1 up to the delay again on top."
    )
    retry_on: Annotated[tuple[str, ...], BeforeValidator(as_words)] | None = Field(
        None,
        description="Failures that get all tries: names of exceptions' classes, with those that derive from them, and "
        "timeout, crash, exit, memory or device_memory. Any other one is given up when it comes twice alike: the same "
        "class at the same line. Left out, every failure gets all tries, as in Azure.",
        examples=[["timeout", "crash", "ConnectionError"]],
    )

    @field_validator("retry_on")
    @classmethod
    def _can_be_told(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in value or ():
            _check_failure(name)
        return value

    def is_worth_all_tries(self, failure: Iterable[str]) -> bool:
        """Whether a failure, told by its class and those that this derives from, is tried max_retries times."""
        return self.retry_on is None or not {*self.retry_on}.isdisjoint(failure)

    def pause(self) -> float:
        """Seconds to wait before another try, jitter on top included."""
        return self.delay * (1 + self.jitter * random.random())  # noqa: S311 - spreads load, guards nothing


class Settings(Strict):
    """How a deployment scores its files; durations are seconds, sizes are files."""

    mini_batch_size: int = Field(10, ge=1, description="Most files handed to one call of run().")
    max_concurrency_per_instance: int | None = Field(
        None,
        ge=1,
        description="Scoring processes that run at once per instance; left out, one, or one for each GPU of a machine.",
    )
    output_action: Annotated[OutputAction, AnyCase] = Field(
        OutputAction.APPEND_ROW,
        description="append_row merges all rows into one file; summary_only discards rows and keeps the account.",
    )
    output_file_name: str = Field(
        "predictions.csv",
        min_length=1,
        max_length=255,
        description="Name of the merged file; its extension (.csv, .jsonl, .parquet) picks the format.",
    )
    output_format: Annotated[OutputFormat | None, AnyCase] = Field(
        None,
        description="Format of the merged file when its name should not decide; azureml writes Azure's byte layout.",
    )
    error_threshold: Threshold = Field(
        -1, description="Failed files a job tolerates, as a number or as a share such as 5%; -1 tolerates all."
    )
    fail_fast: bool = Field(
        True, description="End the job when at least 20 files at several places failed alike and none succeeded."
    )
    max_runtime: Seconds | None = Field(
        None, gt=0, description="Seconds that the job may score; what is done by then is written as a partial output."
    )
    retry_settings: RetrySettings = Field(
        default_factory=RetrySettings, description="Tries and deadline of a mini-batch."
    )
    isolate_failures: bool = Field(
        True,
        description="After the last try of a mini-batch, find the files that make it fail by calling run() with halves "
        "of it, and score the others; false fails the whole mini-batch, as Azure does.",
    )
    logging_level: Annotated[LoggingLevel, AnyCase] = Field(
        LoggingLevel.INFO, description="How much the scoring script logs: warning, info or debug."
    )
    environment_variables: dict[str, str] = Field(
        default_factory=dict, description="Environment variables set for the scoring script."
    )
    init_timeout: Seconds = Field(
        300, gt=0, le=259200, description="Seconds that importing the script and init() may take."
    )
    threads: int = Field(
        1, ge=1, description="BLAS, OpenMP and framework threads of each scoring process; part of what fixes the bytes."
    )
    prefetch_limit: int = Field(
        1 << 30,
        ge=0,
        description="Bytes of remote input files that each scoring process may have on disk, the next mini-batches' "
        "among them, which are fetched while one is scored; 0 fetches nothing ahead.",
    )
    memory_limit: Bytes | None = Field(
        None,
        description="Memory that a scoring process may take, with all that it starts, such as 2GB; one that takes more "
        "is ended, which is a failed try. Left out, the memory of an instance of the compute divided by "
        "max_concurrency_per_instance, where the compute says how much it has.",
    )
    rows_per_chunk: int = Field(
        100_000,
        ge=0,
        description="Rows of a table that a model without a script is given at once, so that a large file needs no "
        "more memory than a small one; 0 reads each file whole.",
    )
    images: ImageSettings = Field(
        default_factory=ImageSettings,
        description="What a model without a script is given of an image, where the model itself does not say.",
    )
    shared_output: bool = Field(
        False,
        description="Give all mini-batches of a job one folder to write files of their own into, published as it is at "
        "the end; it must be on a disk that all instances share, and keeps what failed tries leave. Otherwise each try "
        "has a folder of its own.",
    )
    tracking_uri: str | None = Field(
        None,
        description="A tracking store of MLflow's: each job is a run in it, and what its scripts log with mlflow ends "
        "there.",
        examples=["https://mlflow.lab:5000", "sqlite:////srv/mlflow.db"],
    )
    include_hidden: bool = Field(
        False,
        description="Score files whose name, or a folder of theirs, begins with a dot; otherwise they are skipped.",
    )

    @field_validator("environment_variables", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """YAML reads `TOP_K: 5` as a number; an environment variable is text."""
        if not isinstance(value, dict):
            return value
        return {
            str(k): str(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else v for k, v in value.items()
        }

    @field_validator("environment_variables")
    @classmethod
    def _can_be_set(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not name or "=" in name or "\0" in name + text:
                raise ValueError(
                    f"{name!r} cannot be set: a name has at least one character and no =, and neither name nor value "
                    "has a null character"
                )
        return value

    @field_validator("tracking_uri")
    @classmethod
    def _same_from_everywhere(cls, value: str | None) -> str | None:
        """Scripts run in folders of their own, so that a relative path would be another store for each."""
        if value is not None and (not STORE.match(value) or RELATIVE_SQLITE.match(value)):
            raise ValueError(
                f"{value!r} is no tracking store that every process finds; write a URL such as https://HOST:5000 or "
                "sqlite:////ABSOLUTE/PATH.db"
            )
        return value

    @field_validator("output_file_name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if FORBIDDEN_IN_FILE_NAME.search(value) or value in {".", ".."}:
            raise ValueError(
                f'{value!r} is not a file name: it may hold none of ~ " # % & * : < > ? / \\ {{ | }}; '
                "give the folder with the output path and only the name here"
            )
        return value

    @model_validator(mode="after")
    def _no_name_without_rows(self) -> Self:
        if self.output_action == OutputAction.SUMMARY_ONLY and "output_file_name" in self.model_fields_set:
            raise ValueError(
                "output_file_name has no use with output_action summary_only, which writes no rows: remove one"
            )
        return self

    @model_serializer(mode="wrap")
    def _readable_again(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = dump(self)
        if self.output_action == OutputAction.SUMMARY_ONLY:
            # Refused when it is given with summary_only, so its default must not be written either.
            written.pop("output_file_name", None)
        return written

    @property
    def processes(self) -> int:
        """Scoring processes that run at once per instance."""
        return self.max_concurrency_per_instance or 1

    def tolerated(self, files: int) -> int | None:
        """How many of so many files may fail; None when all may."""
        if isinstance(self.error_threshold, str):
            return int(files * float(self.error_threshold.rstrip("% ")) / 100)
        return None if self.error_threshold < 0 else self.error_threshold

    @property
    def rows_format(self) -> OutputFormat:
        """The format of the merged file: output_format, else the extension of output_file_name, else CSV."""
        if self.output_format is not None:
            return self.output_format
        extension = self.output_file_name.rpartition(".")[2].lower()
        by_extension = {"jsonl": OutputFormat.JSONL, "ndjson": OutputFormat.JSONL, "parquet": OutputFormat.PARQUET}
        return by_extension.get(extension, OutputFormat.CSV)
