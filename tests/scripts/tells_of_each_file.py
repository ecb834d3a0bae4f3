"""Notes each file it is given; returns as many rows for it as ROWS says, with its name and content."""

import os
from pathlib import Path

ROWS = os.environ.get("ROWS", "1")


def run(mini_batch):
    with open(os.environ["LOG"], "a") as log:
        log.writelines(Path(path).name + "\n" for path in mini_batch)
    for path in mini_batch:
        if "bad" in Path(path).read_text():
            raise ValueError(f"{Path(path).name} is bad")
    return [
        {"name": Path(path).name, "text": f'{Path(path).read_text()}\n"quoted", {number}'}
        for path in mini_batch
        for number in range(int(ROWS))
    ]
