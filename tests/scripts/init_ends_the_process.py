"""Takes the process with it."""

import os


def init():
    os._exit(7)


def run(mini_batch):
    return mini_batch
