"""Takes the process down from another thread while run() waits."""

import os
import threading
import time


def run(mini_batch):
    if "bad" in mini_batch[0]:
        threading.Thread(target=os._exit, args=(9,), daemon=True).start()
        time.sleep(600)
    return mini_batch
