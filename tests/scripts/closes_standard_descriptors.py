"""Closes its standard input, output and error, and prints all the same."""

import os


def init():
    os.closerange(0, 3)


def run(mini_batch):
    for descriptor in range(3):
        try:
            os.write(descriptor, b"printed into whatever is open here\n")
        except OSError:
            continue
    return ["scored"] * len(mini_batch)
