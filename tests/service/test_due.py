"""When schedules come due, as Prefect then reckons it."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from pydantic import TypeAdapter

from blocks.schedules import Trigger
from deployments.service.due import due
from deployments.service.errors import UnusableError

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
TRIGGER = TypeAdapter(Trigger)


def told(**trigger):
    return due(TRIGGER.validate_python(trigger), NOW)


def times(schedule, count=4, after=NOW):
    """What Prefect makes of a rule, in the schedule's own zone."""
    rule = schedule.to_rrule()
    start = after.astimezone(ZoneInfo(schedule.timezone))
    return [f"{at:%a %d %b %H:%M}" for at in islice(rule.xafter(start), count)]


def test_cron_stays_cron_in_the_zone_that_windows_calls_otherwise():
    schedule = told(type="cron", expression="0 6 * * 1", time_zone="W. Europe Standard Time")
    assert schedule == CronSchedule(cron="0 6 * * 1", timezone="Europe/Berlin")


def test_cron_with_a_start_and_an_end_comes_due_between_them_alone():
    bounds = {"start_time": "2026-12-01T00:00:30", "end_time": "2026-12-15T00:00:00"}
    schedule = told(type="cron", expression="0 6 * * 1", **bounds)
    assert times(schedule) == ["Mon 07 Dec 06:00", "Mon 14 Dec 06:00"]


def test_cron_with_both_days_comes_due_on_either_as_cron_does():
    schedule = told(type="cron", expression="0 6 13 * 5", start_time="2026-12-01T00:00:00")
    assert times(schedule, 3) == ["Fri 04 Dec 06:00", "Fri 11 Dec 06:00", "Sun 13 Dec 06:00"]


def test_cron_for_last_days_cannot_be_bounded_and_says_so():
    with pytest.raises(UnusableError, match="write a recurrence with month_days"):
        told(type="cron", expression="0 6 L * *", end_time="2027-01-01T00:00:00")


def test_minutes_are_an_interval_from_the_full_hour_on():
    schedule = told(type="recurrence", frequency="minute", interval=15)
    assert isinstance(schedule, IntervalSchedule)
    assert schedule.interval == timedelta(minutes=15)
    assert schedule.anchor_date.minute == 0


def test_minutes_with_an_end_are_a_rule_that_begins_today():
    schedule = told(type="recurrence", frequency="minute", interval=15, end_time="2026-11-22T15:40:00")
    assert isinstance(schedule, RRuleSchedule)
    assert times(schedule) == ["Sun 22 Nov 15:15", "Sun 22 Nov 15:30"]
    assert "DTSTART:20261122T000000" in schedule.rrule


def test_a_weeks_days_and_hours_are_those_of_the_schedules_zone_also_after_clocks_change():
    pattern = {"hours": [6, 18], "minutes": 30, "week_days": ["monday", "Friday"]}
    schedule = told(type="recurrence", frequency="week", schedule=pattern, time_zone="America/New_York")
    assert times(schedule) == ["Mon 23 Nov 06:30", "Mon 23 Nov 18:30", "Fri 27 Nov 06:30", "Fri 27 Nov 18:30"]
    summer = datetime(2027, 7, 1, tzinfo=UTC)
    assert times(schedule, 1, summer) == ["Fri 02 Jul 06:30"]


def test_days_of_every_other_month():
    schedule = told(type="recurrence", frequency="month", interval=2, schedule={"month_days": [1, 15]})
    assert times(schedule, 3) == ["Fri 01 Jan 00:00", "Fri 15 Jan 00:00", "Mon 01 Mar 00:00"]


def test_a_start_with_an_offset_is_read_in_the_schedules_zone():
    schedule = told(
        type="recurrence", frequency="day", start_time="2026-11-25T23:15:00+00:00", time_zone="Europe/Berlin"
    )
    assert times(schedule, 1) == ["Thu 26 Nov 00:15"]
