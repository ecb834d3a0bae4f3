"""Returns a row of a kilobyte for each file, and notes its name."""

import os


def run(mini_batch):
    names = [os.path.basename(path) for path in mini_batch]
    with open(os.environ["LOG"], "a") as log:
        log.write("".join(f"{name}\n" for name in names))
    return [name + "x" * 1000 for name in names]
