"""A job's summary tells what its seconds went into."""

import time

from scoring.stages import BESIDE, STAGES
from scoring.summary import Summary


def test_the_stages_of_scoring_add_up_to_its_time_and_the_scripts_own_are_told_apart(score_with):
    began = time.monotonic()
    timings = score_with("sleeps_at_each_stage.py", files=1).summary.timings
    took = time.monotonic() - began
    assert list(timings) == ["list", "score", "merge", "start", "init"]
    assert 0.6 <= timings["list"] + timings["score"] + timings["merge"] <= took
    assert timings["start"] >= 0.1
    assert 0.2 <= timings["init"] < timings["score"]
    assert timings["score"] >= 0.3


def test_every_stage_is_described_where_summaries_are_read_about():
    said = Summary.model_fields["timings"].description
    assert all(f"{stage} (" in said for stage in (*STAGES, *BESIDE))
