"""Raises when a file is called bad."""


class CorruptImageError(Exception):
    pass


def run(mini_batch):
    for path in mini_batch:
        if "bad" in path:
            raise CorruptImageError(f"cannot read {path}")  # here
    return mini_batch
