"""Forgets to return."""


def run(mini_batch):
    [path.upper() for path in mini_batch]
