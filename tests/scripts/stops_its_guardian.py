"""Stops the process that watches over it, and then does not return."""

import os
import signal
import subprocess
import time


def run(mini_batch):
    if "bad" in mini_batch[0]:
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(600)  # here
    return mini_batch
