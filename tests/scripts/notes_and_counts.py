"""Notes each file it is given, and returns a row for each with what it knows of it."""

import os
import time


def init():
    pass


def run(mini_batch):
    names = [os.path.basename(path) for path in mini_batch]
    with open(os.environ["LOG"], "a") as log:
        log.write("".join(f"{name}\n" for name in names))
    time.sleep(0.004)
    return [{"file": name, "length": len(name) * 1.1} for name in names]
