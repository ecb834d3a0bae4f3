"""Prints faster than anyone reads, for ever."""

import os


def run(mini_batch):
    if "bad" in mini_batch[0]:
        while True:
            os.write(1, b"\n" * 65536)
    return mini_batch
