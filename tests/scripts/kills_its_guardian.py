"""Kills the process that watches over it."""

import os
import signal
import time


def run(mini_batch):
    if "bad" in mini_batch[0]:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    return mini_batch
