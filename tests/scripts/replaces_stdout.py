"""Puts things that are no files where stdout and stderr were."""

import sys


class Rude:
    def write(self, text):
        pass

    def flush(self):
        raise RuntimeError("nobody flushes me")


def init():
    sys.stdout = Rude()
    sys.stderr = None


def run(mini_batch):
    print("into nothing")
    return mini_batch
