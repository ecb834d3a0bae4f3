"""Takes SECONDS for each mini-batch."""

import os
import time


def run(mini_batch):
    time.sleep(float(os.environ["SECONDS"]))
    return [os.path.basename(path) for path in mini_batch]
