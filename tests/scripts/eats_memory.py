"""Takes 2 GB of memory for a bad file, where HOW says: itself, in a child, or in init()."""

import os
import subprocess
import sys

EATS = "kept = []\nwhile len(kept) < 200: kept.append(b'x' * 10_000_000)"
HOW = os.environ["HOW"]


def eat():
    kept = []
    while len(kept) < 200:
        kept.append(b"x" * 10_000_000)  # here


def init():
    if HOW == "init":
        eat()


def run(mini_batch):
    if any("bad" in path for path in mini_batch):
        if HOW == "child":
            subprocess.run([sys.executable, "-c", EATS])
        eat()
    return mini_batch
