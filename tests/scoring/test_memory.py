"""A scoring process that takes more memory than it may is ended before the machine suffers, and says so."""

import re

import pytest
from pydantic import ValidationError

from scoring import InitFailedError, Settings
from tests.scoring.conftest import line_of

LIMIT = 300_000_000


@pytest.mark.parametrize("how", ["itself", "child"])
def test_a_file_that_eats_memory_costs_only_itself(score_with, how):
    outcome = score_with("eats_memory.py", ["0", "1", "2-bad", "3"], size=4, variables={"HOW": how}, memory_limit=LIMIT)
    assert outcome.counts == (3, 1, 0, 0)
    [failure] = outcome.failures
    assert (failure["path"], failure["error"]) == ("2-bad", "memory")
    took = re.match(
        r"the scoring process, with all that it started, took ([\d.]+) (MB|GB) of memory, more than its limit of 300",
        failure["message"],
    )
    assert took, failure["message"]
    assert LIMIT < float(took[1]) * {"MB": 1e6, "GB": 1e9}[took[2]] < 8 * LIMIT
    if how == "itself":
        assert failure["where"] == f"eats_memory.py:{line_of('eats_memory.py')} in eat"


def test_an_init_that_eats_memory_ends_the_job_with_that_reason(score_with):
    with pytest.raises(InitFailedError, match=r"more than its limit of 300\.0 MB \(settings\.memory_limit"):
        score_with("eats_memory.py", variables={"HOW": "init"}, memory_limit="300MB")


def test_what_processes_share_counts_once_and_mapped_files_do_not(score_with, tmp_path):
    outcome = score_with("shares_memory.py", 1, variables={"FOLDER": str(tmp_path)}, memory_limit=LIMIT)
    assert outcome.counts == (1, 0, 0, 0), outcome.failures


@pytest.mark.parametrize(
    ("written", "size"), [("2GB", 2 * 10**9), ("1.5GiB", 3 * 2**29), (4096, 4096), ("100 mb", 10**8), ("77", 77)]
)
def test_a_size_has_a_unit_or_is_bytes(written, size):
    assert Settings(memory_limit=written).memory_limit == size
    assert Settings.model_validate_json(Settings(memory_limit=written).model_dump_json()).memory_limit == size


@pytest.mark.parametrize("written", ["much", "2Gi", 0, -1, True, "", 1.5])
def test_what_is_no_size_is_refused_with_what_would_be(written):
    with pytest.raises(
        ValidationError, match=r"is no size; write bytes, or a number with its unit, such as 2GB or 1\.5"
    ):
        Settings(memory_limit=written)


def test_without_a_limit_a_process_may_take_its_part_of_the_computes_memory(make_manifest):
    manifest = make_manifest("ok.py", "/in", max_concurrency_per_instance=4)
    assert manifest.memory_limit is None
    shared = manifest.model_copy(update={"memory": 8_000})
    assert (shared.memory_limit, shared.launch().memory_limit) == (2_000, 2_000)
    limited = make_manifest("ok.py", "/in", memory_limit=5).model_copy(update={"memory": 8_000})
    assert limited.memory_limit == 5
