"""Cutting mini-batches into chunks: the same way each time, from counts alone."""

from itertools import pairwise

import pytest

from scoring.planning import CHUNKS_PER_SLOT, LEAST_CHUNKS, count_mini_batches, plan_chunks


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 7, 16, 64])
def test_chunks_cover_all_mini_batches_without_gap_or_overlap_and_are_bounded(slots):
    for mini_batches in [*range(1, 200), 999, 1000, 12_345, 1_000_000]:
        chunks = plan_chunks(mini_batches, slots)
        covered = 0
        for chunk in chunks:
            assert chunk.first == covered
            assert len(chunk) >= 1
            covered = chunk.last + 1
        assert covered == mini_batches
        assert len(chunks) <= max(LEAST_CHUNKS, CHUNKS_PER_SLOT * slots)
        assert chunks == plan_chunks(mini_batches, slots)


@pytest.mark.parametrize("slots", [1, 2, 5, 32])
def test_chunks_shrink_so_that_no_slot_waits_long_for_the_last(slots):
    lengths = [len(chunk) for chunk in plan_chunks(100_000, slots)]
    assert all(after <= before + 1 for before, after in pairwise(lengths))
    assert max(lengths[-slots:]) < sum(lengths) / slots / 4


def test_few_mini_batches_are_a_chunk_each():
    assert [str(chunk) for chunk in plan_chunks(3, 1)] == ["mini-batch 0", "mini-batch 1", "mini-batch 2"]


def test_names_of_chunks_sort_as_the_chunks_do():
    names = [chunk.name for chunk in plan_chunks(1_000_000, 16)]
    assert names == sorted(names)


@pytest.mark.parametrize(("files", "size", "expected"), [(1, 10, 1), (10, 10, 1), (11, 10, 2), (0, 10, 0), (5, 1, 5)])
def test_mini_batches_are_the_files_by_size_rounded_up(files, size, expected):
    assert count_mini_batches(files, size) == expected
