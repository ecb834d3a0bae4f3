"""Waits for ever before the first file."""

import time


def init():
    print("about to wait")
    time.sleep(600)  # here


def run(mini_batch):
    return mini_batch
