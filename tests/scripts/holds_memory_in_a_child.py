"""Has a child that holds 200 MB for as long as a mini-batch takes."""

import subprocess
import sys

HOLD = "import time; held = bytearray(200 << 20); print('held', flush=True); time.sleep(60)"


def run(mini_batch):
    child = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE)
    child.stdout.readline()
    return list(mini_batch)
