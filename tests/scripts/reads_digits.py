"""Predicts a digit and a confidence from a file's name; some names are taken badly, and one process may be slow.

SECONDS: for each file. SLOW: a file that the first process to start makes; that process takes five times as long.
"""

import os
import time

pace = 0.0


def init():
    global pace
    pace = float(os.environ.get("SECONDS", "0.004"))
    slow = os.environ.get("SLOW")
    if slow and is_first(slow):
        pace *= 5
    assert len(os.listdir(os.environ["AZUREML_MODEL_DIR"])) == 1


def is_first(path):
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def run(mini_batch):
    return [read(os.path.basename(path)) for path in mini_batch]


def read(name):
    time.sleep(pace)
    if "torn" in name:
        raise ValueError(f"{name} ends after 12 of 784 bytes")
    if "blank" in name:
        raise LookupError("nothing is written on it: <b>blank</b>")
    if "large" in name:
        check_size(name)
    number = sum(name.encode())
    return {"file": name, "digit": number % 10, "confidence": 0.5 + (number * 7919 % 1000) / 2000}


def check_size(name):
    raise MemoryError(f"{name} has 90,000 x 90,000 pixels")
