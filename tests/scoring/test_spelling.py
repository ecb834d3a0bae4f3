"""Numbers are spelled with units, thousands apart, and no more digits than they need."""

import pytest

from scoring import spelling


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        (0, "0 ms"),
        (1e-9, "0 ms"),
        (0.0004, "0.4 ms"),
        (0.0123, "12.3 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (12.34, "12.3 s"),
        (119.4, "119 s"),
        (119.6, "2 min 0 s"),
        (3599.6, "1 h 0 min"),
        (360_000, "100 h 0 min"),
    ],
)
def test_durations_have_the_unit_that_they_are_read_in(seconds, spelled):
    assert spelling.seconds(seconds) == spelled


@pytest.mark.parametrize(
    ("seconds", "spelled"), [(0, "0"), (0.5, "500 ms"), (1.5, "1.5 s"), (20, "20 s"), (120, "2 min")]
)
def test_moments_of_an_axis_end_in_no_zeros(seconds, spelled):
    assert spelling.moment(seconds) == spelled


@pytest.mark.parametrize(
    ("part", "spelled"), [(0, "0 %"), (0.004, "0.4 %"), (0.12, "12 %"), (0.9999, "99.9 %"), (1, "100 %")]
)
def test_only_all_is_100_percent(part, spelled):
    assert spelling.share(part) == spelled


def test_counts_sizes_and_values_are_short():
    assert (spelling.count(1234567), spelling.counted(1, "file")) == ("1,234,567", "1 file")
    assert spelling.counted(2, "mini-batch", "mini-batches") == "2 mini-batches"
    assert (spelling.size(0), spelling.size(812), spelling.size(2_000_000_000)) == ("0 B", "812 B", "2.0 GB")
    assert (spelling.rate(0.123), spelling.rate(8.44), spelling.rate(1234)) == ("0.12", "8.4", "1,234")
    assert (spelling.plain(0.0123412), spelling.plain(-3), spelling.plain(12345.6)) == ("0.01234", "-3", "12,346")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 s"),
        (8.4, "8 s"),
        (60, "1 min"),
        (83, "1 min 23 s"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_that_goes_on_is_told_to_the_second(number: float, said: str) -> None:
    assert spelling.lasting(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1234.5, "1,234 files/s"),
        (40, "40 files/s"),
        (2.651, "2.7 files/s"),
        (0.5, "30 files/min"),
        (0.01, "36 files/h"),
    ],
)
def test_a_speed_is_told_in_the_unit_that_makes_it_a_number_one_can_see(number: float, said: str) -> None:
    assert spelling.pace(number) == said
