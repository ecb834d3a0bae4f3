"""Is killed over a bad file, as when memory runs out."""

import os
import signal


def run(mini_batch):
    if "bad" in mini_batch[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return mini_batch
