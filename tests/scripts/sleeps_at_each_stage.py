"""Takes a tenth of a second for its import, two for init() and three for run()."""

import time

time.sleep(0.1)


def init():
    time.sleep(0.2)


def run(mini_batch):
    time.sleep(0.3)
    return mini_batch
