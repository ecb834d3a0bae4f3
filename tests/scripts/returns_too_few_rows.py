"""Returns one row less than it was given files, and does not say which is missing."""


def run(mini_batch):
    return [0.5] * (len(mini_batch) - 1)
