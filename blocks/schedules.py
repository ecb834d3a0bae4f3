"""Schedules as declared: when which job is sent to an endpoint."""

import difflib
import zoneinfo
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from blocks.overrides import Overrides
from blocks.specs.base import DESCRIPTION, PROPERTIES, TAGS, AssetName, EndpointName, Part, Spec, TextMap, as_any_of
from scoring.settings import AnyCase


def _zone(name: str) -> str:
    if _is_zone(name):
        return name
    from tzlocal.windows_tz import win_tz  # read only where a zone is not one of IANA's

    if name in win_tz:
        return win_tz[name]
    near = difflib.get_close_matches(name, [*zoneinfo.available_timezones(), *win_tz], n=1)
    meant = f"did you mean {near[0]}?" if near else "write one such as Europe/Berlin or UTC"
    raise ValueError(f"{name!r} is no time zone; {meant}")


def _is_zone(name: str) -> bool:
    try:
        return bool(zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _cron(expression: str) -> str:
    from cronsim import CronSim, CronSimError

    fields = expression.split()
    if len(fields) != 5:
        raise ValueError(
            f"{expression!r} has {len(fields)} fields; cron has five: minute, hour, day of the month, month and day of "
            "the week, as in 0 6 * * 1 for Mondays at six"
        )
    try:
        CronSim(expression, datetime(2026, 1, 1))  # noqa: DTZ001 - only read, never compared
    except CronSimError as error:
        raise ValueError(f"{expression!r} is no cron expression: {str(error).lower()}; see man 5 crontab") from None
    return expression


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


Hour = Annotated[int, Field(ge=0, le=23)]
Minute = Annotated[int, Field(ge=0, le=59)]
MonthDay = Annotated[int, Field(ge=1, le=31)]
WeekDay = Annotated[
    Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    AnyCase,
]
Hours = Annotated[list[Hour], BeforeValidator(_listed, json_schema_input_type=Hour | list[Hour])]
Minutes = Annotated[list[Minute], BeforeValidator(_listed, json_schema_input_type=Minute | list[Minute])]
MonthDays = Annotated[list[MonthDay], BeforeValidator(_listed, json_schema_input_type=MonthDay | list[MonthDay])]
WeekDays = Annotated[list[WeekDay], BeforeValidator(_listed, json_schema_input_type=WeekDay | list[WeekDay])]


class Times(Part):
    """What cron and recurrence have in common."""

    start_time: datetime | None = Field(None, description="When it begins, as 2026-01-31T06:00:00; left out, at once.")
    end_time: datetime | None = Field(None, description="When it ends; left out, never.")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC",
        description="The zone of all its times: a name such as Europe/Berlin, or Windows' name for one.",
        examples=["Europe/Berlin", "Pacific Standard Time"],
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        first, last = self.start_time, self.end_time
        if first and last and last.replace(tzinfo=None) <= first.replace(tzinfo=None):
            raise ValueError(f"end_time {last.isoformat()} is not after start_time {first.isoformat()}")
        return self


class Cron(Times):
    """Times as cron writes them."""

    type: Literal["cron"] = Field("cron", description="cron: times as a cron expression.")
    expression: Annotated[str, AfterValidator(_cron)] = Field(
        description="Minute, hour, day of the month, month, day of the week: 0 6 * * 1 is Mondays at six.",
        examples=["0 6 * * 1"],
    )


class Pattern(Part):
    """At which times of its days a recurrence comes due."""

    hours: Hours = Field(default=[0], description="Hours, 0 to 23.")
    minutes: Minutes = Field(default=[0], description="Minutes, 0 to 59.")
    week_days: WeekDays | None = Field(None, description="Days of the week, where frequency is week.")
    month_days: MonthDays | None = Field(None, description="Days of the month, where frequency is month.")


class Recurrence(Times):
    """Times as an interval, and a pattern within it."""

    type: Literal["recurrence"] = Field("recurrence", description="recurrence: times as an interval.")
    frequency: Annotated[Literal["minute", "hour", "day", "week", "month"], AnyCase] = Field(
        description="What the interval counts."
    )
    interval: int = Field(1, ge=1, description="How many of them lie between two times.")
    schedule: Pattern | None = Field(None, description="Times of the day, and days, within each interval.")

    @model_validator(mode="after")
    def _pattern_fits(self) -> Self:
        for days, frequency in (("week_days", "week"), ("month_days", "month")):
            if self.schedule and getattr(self.schedule, days) is not None and self.frequency != frequency:
                raise ValueError(f"schedule.{days} goes with frequency {frequency}, and frequency is {self.frequency}")
        if self.schedule and self.frequency in {"minute", "hour"}:
            raise ValueError(f"schedule goes with frequency day, week or month, and frequency is {self.frequency}")
        return self


def _kind_of(value: object) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    return "<recurrence>" if kind == "recurrence" else "<cron>"


def _has_kind(value: object) -> object:
    kind = value.get("type") if isinstance(value, Mapping) else "cron"
    if kind not in {"cron", "recurrence"}:
        raise ValueError(f"type is {kind!r}; write type: cron with an expression, or type: recurrence with a frequency")
    return value


Trigger = Annotated[
    Annotated[Cron, Tag("<cron>")] | Annotated[Recurrence, Tag("<recurrence>")], Discriminator(_kind_of)
]


class ScheduledJob(Part):
    """The job that is sent each time."""

    type: Literal["batch_endpoint"] = Field("batch_endpoint", description="What gets the job: an endpoint.")
    endpoint_name: EndpointName = Field(description="The endpoint it is sent to.")
    deployment_name: EndpointName | None = Field(
        None, description="The deployment that scores; left out, the endpoint's default at that time."
    )
    input: str = Field(
        min_length=1,
        description="Folder or file to score: a path, a URL, azureml://datastores/NAME/paths/PATH, or a data asset.",
        examples=["azureml:digits@latest", "azureml://datastores/workspaceblobstore/paths/digits"],
    )
    output: str | None = Field(None, min_length=1, description="Folder for the output; left out, the job's own.")
    settings: Overrides = Field(default_factory=Overrides, description="What the job changes of its deployment.")


class Schedule(Spec):
    """When which job is sent to an endpoint."""

    word = "schedule"

    name: AssetName = Field(description="The schedule's name.")
    display_name: str = Field("", description="A name for people.")
    description: str = Field("", description=DESCRIPTION)
    tags: TextMap = Field(default_factory=dict, description=TAGS)
    properties: TextMap = Field(default_factory=dict, description=PROPERTIES)
    trigger: Annotated[Trigger, BeforeValidator(_has_kind)] = Field(
        description="When it comes due: cron or recurrence.", json_schema_extra=as_any_of
    )
    create_job: ScheduledJob = Field(description="What is sent, and to which endpoint.")
    overlap: Literal["queue", "skip", "allow"] = Field(
        "queue", description="What a job does that comes due while the one before still runs: wait, stay out, or run."
    )

    @property
    def key(self) -> tuple[str, ...]:
        return (self.name,)
