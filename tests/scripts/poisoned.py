"""Does what the files' names say behind the dash; scores the others, a row a file with its name."""

import ctypes
import os
import resource
import signal
import time
from contextlib import suppress
from pathlib import Path


def meet(path):
    kind = path.name.partition("-")[2]
    if kind == "raise":
        raise ValueError(f"cannot read {path.name}")  # here
    if kind == "exit":
        os._exit(3)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "segfault":
        ctypes.string_at(0)
    if kind == "hang":
        while True:
            pass
    if kind == "hold":
        ctypes.PyDLL(None).sleep(1000)  # in C, with the GIL held
    if kind == "memory":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        bytearray(1 << 31)
    if kind == "eats":
        hoard = b"x" * (150 << 20)
        time.sleep(5)
        raise MemoryError(f"nobody minds {len(hoard)} bytes of memory")
    if kind == "closed":
        os.closerange(3, 256)  # our pipes among them
    if kind == "shut":
        os.closerange(0, 3)
    if kind == "slow":
        time.sleep(0.05)
    if kind == "garbage":
        with suppress(OSError):  # closed by another file
            os.write(1, b'{"kind": "scored", "rows": 1000}\n\x00\xff' * 100)
    if kind == "once" and not (marker := Path(os.environ["SEEN"], path.name)).exists():
        marker.touch()
        raise ConnectionError("not yet")


def run(mini_batch):
    paths = [Path(path) for path in mini_batch]
    for path in paths:
        meet(path)
    return [{"file": path.name} for path in paths if not path.name.endswith("-skip")]
