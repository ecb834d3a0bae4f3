"""Says when it starts and ends, and how SHUTDOWN tells it to end."""

import os
from pathlib import Path

LOG = Path(os.environ["LOG"])


def say(word):
    with LOG.open("a") as log:
        log.write(f"{word} {os.getpid()}\n")


def init():
    say("init")


def run(mini_batch):
    return mini_batch


def shutdown():
    say("shutdown")
    print("the script is shutting down")
    if os.environ.get("SHUTDOWN") == "raises":
        raise OSError("the socket is closed already")
