"""Takes a megabyte in small pieces for each mini-batch and frees it; tells how often the kernel had to give memory."""

import resource


def init():
    pass


def run(mini_batch):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [b"x" * 100_000 for _ in range(10)]
    del pieces
    return [resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before] * len(mini_batch)
