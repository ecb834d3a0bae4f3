"""Calls os._exit() over a bad file."""

import os


def run(mini_batch):
    if "bad" in mini_batch[0]:
        os._exit(3)
    return mini_batch
