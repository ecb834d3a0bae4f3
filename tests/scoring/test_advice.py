"""Advice from a job's own numbers: worth taking where it is given, and not given where nothing can be gained."""

import pytest

from scoring.advice.advise import advise
from scoring.advice.calls import Calls
from scoring.advice.situation import Situation
from scoring.job import Job
from scoring.recorded import Sample, Tried
from scoring.settings import Settings
from scoring.work import Line, Work
from tests.scoring.conftest import write_files
from tests.scoring.killed_job import go_on_with
from tests.scoring.made_jobs import failed_try
from tests.scoring.slow_stores import slow_server

GIB = 1 << 30


@pytest.fixture
def score(tmp_path, make_manifest):
    """Score files for real; the seconds that scoring took, and the advice that the job's numbers give."""
    number = 0

    def score(files, variables, inputs=None, **settings):
        nonlocal number
        number += 1
        source = inputs or str(write_files(tmp_path / "in", [f"{at:03d}" for at in range(files)]))
        manifest = make_manifest("costs_a_call.py", source, variables, **settings)
        folder = str(tmp_path / f"job-{number}")
        job = Job(manifest.model_copy(update={"folder": folder, "output": f"{folder}/score"}))
        job.manifest.write()
        go_on_with(folder)
        situation = Situation.of(job, {}, Work.of(job.folder))
        print(f"{situation.scoring_seconds:.2f} s", *(each.change for each in advise(situation)))
        return situation.scoring_seconds, {each.setting: each for each in advise(situation)}

    return score


def value_of(advice):
    return int(advice.flag.partition("=")[2] or advice.flag.split()[-1])


def test_larger_mini_batches_bring_what_is_promised_where_calls_cost_much(score):
    variables = {"CALL": "0.08", "FILE": "0.004"}
    before, advice = score(61, variables, mini_batch_size=2, max_concurrency_per_instance=2)
    larger = advice["mini_batch_size"]
    assert larger.flag.startswith("--mini-batch-size ")
    assert 0.5 * before < larger.seconds < before
    after, again = score(61, variables, mini_batch_size=value_of(larger), max_concurrency_per_instance=2)
    assert before - after >= larger.seconds / 2
    assert "mini_batch_size" not in again


def test_smaller_mini_batches_bring_what_is_promised_where_one_slot_is_alone_at_the_end(score):
    variables = {"FILE": "0.1"}
    before, advice = score(24, variables, mini_batch_size=20, max_concurrency_per_instance=2)
    smaller = advice["mini_batch_size"]
    assert value_of(smaller) < 20
    assert 0.3 * before < smaller.seconds < before
    after, again = score(24, variables, mini_batch_size=value_of(smaller), max_concurrency_per_instance=2)
    assert before - after >= smaller.seconds / 2
    assert "mini_batch_size" not in again


def test_fetching_ahead_brings_what_is_promised_where_slots_wait_for_files(score, tmp_path):
    files = write_files(tmp_path / "served", [f"{at:03d}" for at in range(24)])
    with slow_server(files, delay=0.06) as server:
        before, advice = score(24, {"FILE": "0.06"}, server.url, prefetch_limit=0)
        ahead = advice["prefetch_limit"]
        assert 0.3 * before < ahead.seconds < before
        after, again = score(24, {"FILE": "0.06"}, server.url, prefetch_limit=value_of(ahead))
    assert before - after >= ahead.seconds / 2
    assert "prefetch_limit" not in again


def test_more_slots_bring_what_is_promised_where_cores_have_nothing_to_do(score):
    before, advice = score(40, {"FILE": "0.06"})
    more = advice["max_concurrency_per_instance"]
    assert 0.3 * before < more.seconds < before
    after, _ = score(40, {"FILE": "0.06"}, max_concurrency_per_instance=value_of(more))
    assert before - after >= more.seconds / 2


def situation(tried, samples=(), failed=(), *, files=None, slots=1, timings=None, **known):
    """A situation with such rows in its tables, on a machine of 4 cores and 16 GiB."""
    settings = Settings.model_validate(
        {"mini_batch_size": tried[0].files, "max_concurrency_per_instance": slots, **known.pop("settings", {})}
    )
    return Situation(
        settings=settings,
        slots=slots,
        instances=1,
        files=files or sum(row.files for row in tried),
        size=10**6,
        is_remote=False,
        timings=timings or {},
        work=Work().summed(tried, failed, samples),
        cores=4,
        memory=16 * GIB,
        **known,
    )


def tried(count, seconds, files=10, slots=1, began=1000.0):
    """Rows of mini-batches that came one after the other on each slot."""
    return [
        Tried(at, at % slots, files, files, 0, files, 1, began + at // slots * seconds, 0.0, 0.0, seconds, 0.0, "ok")
        for at in range(count)
    ]


def busy(share, memory, slots=1, seconds=50):
    return [
        Sample(1000.0 + at * seconds, slot, 100 + slot, at * seconds * share, memory, None)
        for slot in range(slots)
        for at in range(2)
    ]


def settings_of(advice):
    return [each.setting for each in advice]


def test_an_even_job_on_busy_cores_is_given_no_advice():
    assert advise(situation(tried(400, 0.5, slots=4), busy(1.0, GIB, slots=4), slots=4)) == []


def test_a_job_without_tables_is_given_no_advice():
    assert advise(situation(tried(1, 0.0))) == []


def test_a_call_that_comes_near_to_its_timeout_is_told_of():
    (advice,) = advise(situation(tried(40, 22.0), settings={"retry_settings": {"timeout": 30}}))
    assert (advice.setting, advice.seconds) == ("retry_settings.timeout", None)
    assert advice.flag == "--set retry_settings.timeout=50"
    assert advise(situation(tried(40, 20.0), settings={"retry_settings": {"timeout": 30}})) == []


def test_memory_near_its_limit_is_told_of():
    rows = tried(400, 0.5)
    (advice,) = advise(situation(rows, busy(4.0, 9 * GIB), memory_limit=10 * GIB))
    assert advice.flag == "--set memory_limit=16200MB"
    assert advise(situation(rows, busy(4.0, 8 * GIB), memory_limit=10 * GIB)) == []


def test_processes_that_would_not_fit_into_memory_are_not_advised():
    rows = tried(400, 0.5)
    (advice,) = advise(situation(rows, busy(0.5, GIB), timings={"import": 10.0, "score": 200.0, "init": 0.5}))
    assert advice.flag == "--set max_concurrency_per_instance=4"
    assert advice.gain == (
        "Saves about 2 min 30 s: the whole job would take 60.0 s instead of 3 min 30 s. "
        "Each one more costs up to 1.1 GB of memory and a start."
    )
    (advice,) = advise(situation(rows, busy(0.5, 6 * GIB)))
    assert advice.gain.startswith("Saves about 100 s: scoring would take 100 s instead of 3 min 20 s. ")
    assert advice.flag == "--set max_concurrency_per_instance=2"
    assert advice.finding.endswith("there is room for more of them. More than 2 would leave too little memory free.")
    assert advise(situation(rows, busy(0.5, 9 * GIB))) == []


@pytest.mark.parametrize(
    ("count", "share", "flag", "why"),
    [
        (400, 0.5, 4, "More than 4, which are 4 times as many, would be a guess: see what these bring first."),
        (400, 2.0, 2, "More than 2 would wait for cores."),
        (3, 0.5, 3, "More than 3 would find no mini-batch each."),
    ],
)
def test_advice_of_more_slots_says_why_not_of_still_more(count, share, flag, why):
    (advice,) = advise(situation(tried(count, 5.0, files=1), busy(share, GIB)))
    assert advice.flag == f"--set max_concurrency_per_instance={flag}"
    assert advice.finding.endswith(why)


def test_nothing_is_said_of_slots_where_a_gpu_is_at_work():
    assert advise(situation(tried(400, 0.5), busy(0.5, GIB), has_gpu=True)) == []


def test_slots_that_had_nothing_to_score_are_told_of():
    (advice,) = advise(situation(tried(2, 5.0, files=1, slots=2), slots=8))
    assert advice.flag == "--set max_concurrency_per_instance=2"
    assert advice.seconds is None


def test_a_slow_slot_is_told_of_by_its_number():
    rows = [row for row in tried(40, 0.5, slots=2) if row.slot == 0]
    rows += [row._replace(slot=1, began=1000.0 + at * 2, scoring=2.0) for at, row in enumerate(rows)]
    advice = advise(situation(rows, slots=2))
    assert [each.change for each in advice] == ["See what makes slot 1 slow: its instance, or what else runs there"]
    assert advice[0].seconds == pytest.approx(30, abs=1)
    assert advice[0].gain.startswith(
        "If it were as fast as the others, that would save about 30.0 s: scoring would take "
    )


def test_a_job_that_mostly_starts_is_told_to_have_more_files():
    timings = {"submit": 2.0, "import": 3.0, "cluster": 2.0, "score": 3.0, "merge": 0.1, "start": 1.5, "init": 1.0}
    (advice,) = advise(situation(tried(4, 0.25), timings=timings))
    assert advice.change == "Send more files with each job, and fewer jobs"
    assert advice.gain == "A job of twice the files would take about 1.00 s more, not 10.1 s."
    assert advise(situation(tried(4, 2.0), timings=timings)) == []


def test_what_calls_cost_is_told_only_as_far_as_sizes_differ():
    line = Line()
    for at in range(20):
        line.add(10, 1.0 + (at % 3) * 0.01)
    assert line.at_zero() == 0
    line.add(2, 0.6)
    assert line.at_zero() == pytest.approx(0.5, abs=0.02)
    noisy = Line()
    for at in range(20):
        noisy.add(10, 1.0 + (at % 3) * 0.5)
    noisy.add(2, 0.6)
    assert noisy.at_zero() == 0


def test_the_start_of_a_slot_is_what_it_waited_before_its_first_try_whether_or_not_that_failed():
    rows = tried(3, 1.0)
    first = failed_try(0, 0, rows[0].began - 5.0, 2.0, waiting=3.0)
    after_a_crash = failed_try(2, 0, rows[2].began + 1.0, 1.0, waiting=4.0)
    work = Work().summed(rows, [after_a_crash, first], [])
    assert (work.first_start, work.sum_of("starting"), work.began) == (3.0, 3.0, first.began)


def test_seconds_of_failed_tries_are_counted_once():
    rows = [*tried(3, 1.0), tried(4, 1.0)[3]._replace(exit="ValueError", scored=0, failed=10, tries=2)]
    failed = [failed_try(3, 0, 1003.0 + number, 1.0, number=number) for number in (1, 2)]
    work = Work().summed(rows, failed, [])
    assert (work.sum_of("scoring"), work.slots[0].failed_tries, work.mini_batches) == (5.0, 2, 4)


def test_calls_are_planned_as_jobs_are():
    calls = Calls(files=100, size=10, slots=2, fixed=0.1, per_file=0.01, between=0.0)
    assert calls.tax == pytest.approx(0.5)
    assert calls.seconds() == pytest.approx(1.0)
    assert calls.with_slots(4).seconds() == pytest.approx(0.6)
    assert calls.with_size(50).seconds() == pytest.approx(0.6)
