"""What a job's parameters are refused for, without a server."""

import pytest

from flows.errors import JobRefusedError
from flows.resolve import read_overrides


def test_settings_left_out_change_nothing() -> None:
    assert read_overrides(None) is None
    assert read_overrides({}) is None


def test_settings_that_break_a_limit_are_refused_in_one_sentence() -> None:
    with pytest.raises(JobRefusedError, match="mini_batch_size"):
        read_overrides({"mini_batch_size": 0})


def test_a_setting_that_is_none_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(JobRefusedError, match="did you mean mini_batch_size"):
        read_overrides({"mini_batch_sise": 5})
