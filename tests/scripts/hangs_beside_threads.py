"""Hangs over a bad file while its own threads wait elsewhere."""

import threading
import time


def wait():
    threading.Event().wait()


def init():
    for _ in range(3):
        threading.Thread(target=wait, daemon=True).start()


def run(mini_batch):
    if "bad" in mini_batch[0]:
        time.sleep(600)  # here
    return mini_batch
