"""Is a generator, which raises over a bad file after some rows."""

from pathlib import Path


def run(mini_batch):
    for path in mini_batch:
        if "bad" in path:
            raise ValueError("bad file")  # here
        yield [Path(path).name, 1]
