"""Block documents are named so that no two names share one by accident."""

import itertools
import re

from blocks.names import block_name, compute_limit, same_name


def test_a_plain_name_is_kept_and_loses_only_its_case():
    assert block_name("Mnist-Batch") == block_name("mnist-batch") == "mnist-batch"


def test_parts_are_joined_by_two_dashes():
    assert block_name("mnist-batch", "Torch") == "mnist-batch--torch"


def test_names_that_differ_in_more_than_case_never_share_a_block():
    parts = ["a", "b", "a-b", "a--b", "a_b", "a.b", "a-", "-b", "é", "", "a---b", "x" * 300, "x" * 301]
    names = [*itertools.product(parts), *itertools.product(parts, parts)]
    made = {block_name(*name) for name in names}
    assert len(made) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name) for name in made)


def test_the_limit_of_a_compute_bears_its_name():
    assert compute_limit("Batch-Cluster") == "compute-batch-cluster"


def test_names_compare_without_case():
    assert same_name("Mnist", "mNIST")
    assert not same_name("mnist", "mnist2")
