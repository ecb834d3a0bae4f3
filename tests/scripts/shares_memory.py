"""Has children that share its memory, and maps a file: little of which is taken from others."""

import mmap
import os
import tempfile
import time

SHARED = 120_000_000


def init():
    global kept
    kept = b"x" * SHARED


def run(mini_batch):
    with tempfile.TemporaryFile(dir=os.environ["FOLDER"]) as file:
        file.truncate(SHARED * 4)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        found = sum(mapped[at] for at in range(0, len(mapped), mmap.PAGESIZE))
    children = []
    for _ in range(3):
        children.append(os.fork())
        if children[-1] == 0:
            time.sleep(1.2)
            os._exit(len(kept) == found)
    for child in children:
        os.waitpid(child, 0)
    return mini_batch
