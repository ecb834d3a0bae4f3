"""Leaves a process behind, by the way that HOW names."""

import os
import signal
import subprocess
import time


def run(mini_batch):
    how = os.environ["HOW"]
    if how == "setsid":
        subprocess.Popen(["sleep", "600"], start_new_session=True)
    elif os.fork() == 0:
        if how == "double fork":
            os.setsid()
            if os.fork():
                os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    return mini_batch
