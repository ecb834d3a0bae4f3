"""Calls sys.exit() over a bad file."""

import sys


def run(mini_batch):
    if "bad" in mini_batch[0]:
        sys.exit("cannot go on")  # here
    return mini_batch
