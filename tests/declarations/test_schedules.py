"""Schedules are read with cron or recurrence, and refused where they would not come due as meant."""

import pytest

from blocks.schedules import Schedule
from deployments.declarations import declare

CRON = """\
$schema: https://azuremlschemas.azureedge.net/latest/schedule.schema.json
name: nightly
trigger:
  type: cron
  expression: "0 6 * * 1"
  time_zone: Pacific Standard Time
create_job:
  type: batch_endpoint
  endpoint_name: mnist
  input: data
  settings: {mini_batch_size: "20", retry_settings: {timeout: PT1M}}
"""


def test_a_schedule_is_read_with_windows_names_of_zones(written, tmp_path):
    spec = declare(Schedule, written(CRON)).spec
    assert spec.trigger.time_zone == "America/Los_Angeles"
    assert (spec.create_job.input, spec.overlap) == (str(tmp_path / "data"), "queue")
    assert (spec.create_job.settings.mini_batch_size, spec.create_job.settings.retry_settings.timeout) == (20, 60)


def test_a_recurrence_is_read_with_the_keys_of_azures_schema_and_of_its_reference(written):
    times = "hours: [6, 18]\n    minutes: 30\n    week_days: [Monday, friday]\n"
    recurrence = f"type: recurrence\n  frequency: week\n  timezone: Europe/Berlin\n  pattern:\n    {times}"
    head, _, rest = CRON.partition("type: cron")
    job = rest[rest.index("create_job") :].replace("input: data", "inputs: {digits: {type: uri_folder, path: data}}")
    spec = declare(Schedule, written(head + recurrence + job)).spec
    assert spec.trigger.time_zone == "Europe/Berlin"
    assert spec.trigger.schedule.hours == [6, 18]
    assert spec.trigger.schedule.minutes == [30]
    assert spec.trigger.schedule.week_days == ["monday", "friday"]
    assert spec.create_job.input.endswith("/data")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "Pacific Standard Time",
            "Europe/Berln",
            "spec.yml:6: trigger.time_zone: 'Europe/Berln' is no time zone; did you mean Europe/Berlin?",
        ),
        (
            "0 6 * * 1",
            "0 0 6 * * 1",
            "spec.yml:5: trigger.expression: '0 0 6 * * 1' has 6 fields; cron has five: minute, hour, day of the month,"
            " month and day of the week, as in 0 6 * * 1 for Mondays at six",
        ),
        (
            "0 6 * * 1",
            "0 25 * * 1",
            "spec.yml:5: trigger.expression: '0 25 * * 1' is no cron expression: bad hour; see man 5 crontab",
        ),
        (
            "type: cron",
            "type: hourly",
            "spec.yml:3: trigger: type is 'hourly'; write type: cron with an expression, or type: recurrence with a "
            "frequency",
        ),
        ("endpoint_name: mnist", "endpoint: mnist", "did you mean endpoint_name?"),
        ("type: batch_endpoint", "type: pipeline", "spec.yml:7: create_job is a job of Azure's; a schedule here sends"),
        ("mini_batch_size", "mini_batch_sise", "spec.yml:11: create_job.settings.mini_batch_sise is not a setting"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(written, old, new, problem, problems):
    assert old in CRON
    assert problem in "\n".join(problems(Schedule, written(CRON.replace(old, new))))


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ("{type: recurrence, frequency: day, schedule: {week_days: monday}}", "week_days goes with frequency week"),
        ("{type: recurrence, frequency: hour, schedule: {minutes: 5}}", "schedule goes with frequency day, week or"),
        ("{type: recurrence, frequency: year}", "frequency is 'year'; it must be 'minute', 'hour', 'day', 'week'"),
        ("{type: recurrence, frequency: day, interval: 0}", "interval is 0; it must be at least 1"),
        ("{type: recurrence, frequency: day, schedule: {hours: 24}}", "hours.0 is 24; it must be at most 23"),
        (
            "{type: cron, expression: 0 6 * * 1, start_time: 2026-02-01, end_time: 2026-01-01}",
            "end_time 2026-01-01T00:00:00 is not after start_time 2026-02-01T00:00:00",
        ),
    ],
)
def test_a_trigger_that_never_comes_due_as_meant_is_refused(written, trigger, said, problems):
    job = "{endpoint_name: mnist, input: data}"
    (problem,) = problems(Schedule, written(f"name: s\ntrigger: {trigger}\ncreate_job: {job}\n"))
    assert said in problem
