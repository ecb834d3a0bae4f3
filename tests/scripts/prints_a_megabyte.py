"""Prints a megabyte in lines, and one without any."""

import sys


def run(mini_batch):
    for _ in range(13107):
        print("x" * 79)
    sys.stdout.write("y" * (1 << 20))
    return mini_batch
