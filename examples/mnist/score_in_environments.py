"""Score the digits with torch and with Keras, each in an environment of its own: `make environments`.

Batchpoint's own interpreter, which runs this, has neither.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from deployments.demo import ENDPOINT, EXAMPLE, KERAS, Demo, find_root

BUILD = Path("build/environments")
FRAMEWORKS = ("torch", "keras", "tensorflow")


def main() -> None:
    """Register both deployments without `python: batchpoint`, which has their environments built, and score."""
    there = [name for name in FRAMEWORKS if find_spec(name) is not None]
    if there:
        sys.exit(f"{sys.executable} has {', '.join(there)} installed, so nothing would be shown; run make environments")
    root = find_root()
    os.environ["BATCHPOINT_HOME"] = str(root / BUILD / "home")
    demo = Demo(root, root / BUILD / "out", print)
    demo.step("Create a compute", "compute create -n batch-cluster --max-instances 2")
    demo.step("Create an endpoint", f"batch-endpoint create --file {EXAMPLE}/endpoint.yml")
    for name in ("torch", "keras"):
        file = f"{EXAMPLE}/deployment-{name}/deployment.yml"
        create = f"batch-deployment create --file {file} --endpoint-name {ENDPOINT} --set environment.python=null"
        demo.step(f"Create a deployment and build its environment: {name}", f"{create} --set-default")
    torch = demo.score("Score with torch", "--deployment-name mnist-torch-dpl")
    keras = demo.score("Score with Keras", f"--deployment-name {KERAS}")
    demo.show_predictions({"torch": torch, "Keras": keras})
    demo.show_seconds()
    demo.step("Stop the server", "down")


if __name__ == "__main__":
    main()
