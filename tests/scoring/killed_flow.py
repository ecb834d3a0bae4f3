"""A flow's process for test_guardian to kill: killed_flow.py SCRIPT INPUT OUTPUT MARK FORKS."""

import os
import sys
import threading
import time

import scoring


def main(script: str, inputs: str, output: str, mark: str, forks: str) -> None:
    settings = {
        "max_concurrency_per_instance": 2,
        "mini_batch_size": 1,
        "environment_variables": {"SCORING_TEST_MARK": mark, "HANGING": output},
    }
    how = {"script": script, "inputs": inputs, "output": output + "/out", "settings": settings}
    threading.Thread(target=scoring.score, kwargs=how).start()
    while len(os.listdir(output)) < 2:
        time.sleep(0.01)
    if forks and os.fork() == 0:  # as multiprocessing does: the copy holds all our descriptors, and lives on
        time.sleep(30)
        os._exit(0)
    print("hanging", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
