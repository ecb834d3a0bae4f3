"""Scores as many mini-batches as GOOD says, and fails from then on."""

import os

calls = 0


def run(mini_batch):
    global calls
    calls += 1
    if calls > int(os.environ["GOOD"]):
        raise ValueError("no more")
    return list(mini_batch)
