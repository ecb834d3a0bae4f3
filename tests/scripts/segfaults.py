"""Reads memory that is not there over a bad file."""

import ctypes


def run(mini_batch):
    if "bad" in mini_batch[0]:
        ctypes.string_at(0)  # here
    return mini_batch
