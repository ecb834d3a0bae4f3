"""Reports on its surroundings: one row per file, all alike within a mini-batch."""

import os
import sys
import threading

STARTED = os.getpid()


def run(mini_batch):
    model = os.environ.get("AZUREML_MODEL_DIR")
    told = {
        "cwd": os.getcwd(),
        "cwd_holds": sorted(os.listdir()),
        "argv": sys.argv,
        "model": sorted(os.listdir(model)) if model else None,
        "threads": os.environ["OMP_NUM_THREADS"],
        "prefect": sorted(name for name in os.environ if name.startswith(("PREFECT_", "BATCHPOINT_"))),
        "colour": os.environ.get("COLOUR"),
        "stdin": sys.stdin.read(),
        "open": sorted(os.listdir("/proc/self/fd"), key=int),
        "alone": threading.active_count(),
        "kinds": sorted({type(path).__name__ for path in mini_batch} | {type(mini_batch).__name__}),
        "absolute": all(os.path.isabs(path) for path in mini_batch),
    }
    return [told for _ in mini_batch]
