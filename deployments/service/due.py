"""When a schedule comes due, as Prefect keeps it."""

from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim
from dateutil import rrule
from prefect.client.schemas.schedules import SCHEDULE_TYPES, CronSchedule, IntervalSchedule, RRuleSchedule

from blocks.schedules import Cron, Pattern, Recurrence, Times
from deployments.service.errors import UnusableError

# Intervals without a start are counted from here, so that a schedule means the same whenever it is created.
ANCHOR = datetime(2020, 1, 1)  # noqa: DTZ001 - in the schedule's zone, which Prefect is told beside it
STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
FREQUENCIES: dict[str, Literal[1, 2, 3, 4, 5]] = {
    "minute": rrule.MINUTELY,
    "hour": rrule.HOURLY,
    "day": rrule.DAILY,
    "week": rrule.WEEKLY,
    "month": rrule.MONTHLY,
}
WEEK = {
    "monday": rrule.MO,
    "tuesday": rrule.TU,
    "wednesday": rrule.WE,
    "thursday": rrule.TH,
    "friday": rrule.FR,
    "saturday": rrule.SA,
    "sunday": rrule.SU,
}
CRON_WEEK = (rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)


def due(trigger: Cron | Recurrence, now: datetime) -> SCHEDULE_TYPES:
    """What Prefect is told of a trigger.

    Args:
        trigger: as declared.
        now: from when on a schedule with an end but no start runs; aware.
    Raises: UnusableError for a cron expression that cannot be bounded.
    """
    if isinstance(trigger, Cron):
        return _cron(trigger, now)
    return _recurrence(trigger, now)


def _cron(trigger: Cron, now: datetime) -> SCHEDULE_TYPES:
    """Prefect's cron schedules have neither start nor end: those that have are written as rules."""
    if trigger.start_time is None and trigger.end_time is None:
        return CronSchedule(cron=trigger.expression, timezone=trigger.time_zone)
    parsed = CronSim(trigger.expression, ANCHOR)
    days = [day for day in parsed.days if day > 0]
    week_days = [day for day in parsed.weekdays if isinstance(day, int)]
    if len(days) < len(parsed.days) or len(week_days) < len(parsed.weekdays):
        raise UnusableError(
            f"cron expression {trigger.expression!r} has L or #, which cannot be given a start_time or end_time; "
            "remove those, or write a recurrence with month_days"
        )
    times = {
        "bysecond": [0],
        "bymonth": sorted(parsed.months),
        "byhour": sorted(parsed.hours),
        "byminute": sorted(parsed.minutes),
    }
    by_month = {"bymonthday": sorted(days)}
    by_week = {"byweekday": sorted({CRON_WEEK[day].weekday for day in week_days})}
    _, _, day, _, week_day = trigger.expression.split()
    # In cron either of the two days is enough where both are given.
    either = [by_month, by_week] if "*" not in (day[0], week_day[0]) else [{**by_month, **by_week}]
    rules = [str(_rule(trigger, "day", now, 1, {**times, **days})) for days in either]
    return RRuleSchedule(rrule="\n".join(rules), timezone=trigger.time_zone)


def _recurrence(trigger: Recurrence, now: datetime) -> SCHEDULE_TYPES:
    if trigger.frequency in STEPS and trigger.end_time is None:
        # A rule for these would have Prefect count each minute since the start at each look.
        start = _local(trigger.start_time, trigger) or ANCHOR
        return IntervalSchedule(
            interval=trigger.interval * STEPS[trigger.frequency],
            anchor_date=start.replace(tzinfo=ZoneInfo(trigger.time_zone)),
            timezone=trigger.time_zone,
        )
    rule = _rule(trigger, trigger.frequency, now, trigger.interval, _times_of(trigger.schedule))
    return RRuleSchedule(rrule=str(rule), timezone=trigger.time_zone)


def _times_of(pattern: Pattern | None) -> dict[str, list[int]]:
    if pattern is None:
        return {}
    times = {"byhour": pattern.hours, "byminute": pattern.minutes, "bysecond": [0]}
    if pattern.week_days:
        times["byweekday"] = [WEEK[day].weekday for day in pattern.week_days]
    if pattern.month_days:
        times["bymonthday"] = pattern.month_days
    return times


def _rule(trigger: Times, frequency: str, now: datetime, interval: int, times: dict[str, Any]) -> rrule.rrule:
    start = _local(trigger.start_time, trigger)
    if start is None:
        today = now.astimezone(ZoneInfo(trigger.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        start = today.replace(tzinfo=None) if frequency in STEPS else ANCHOR
    until = _local(trigger.end_time, trigger)
    return rrule.rrule(FREQUENCIES[frequency], dtstart=start, until=until, interval=interval, **times)


def _local(time: datetime | None, trigger: Times) -> datetime | None:
    """A time in the schedule's zone, without saying so: Prefect adds the zone."""
    if time is None or time.tzinfo is None:
        return time
    return time.astimezone(ZoneInfo(trigger.time_zone)).replace(tzinfo=None)
