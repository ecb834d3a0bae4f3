"""The whole story of examples/mnist, told by the commands a user would type; each is shown before it runs."""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from tabulate import tabulate

ENDPOINT = "mnist-batch"
TORCH, KERAS = "mnist-torch-dpl", "mnist-keras-dpl"
EXAMPLE = Path("examples/mnist")
COMMAND = Path(sys.executable).with_name("batchpoint")
ENOUGH = 0.95
OUTPUT = "azureml://datastores/workspaceblobstore/paths/"
CLEANING = (
    f"batch-deployment delete --name {TORCH} --endpoint-name {ENDPOINT} --yes",
    f"batch-endpoint delete --name {ENDPOINT} --yes",
)


class DemoError(Exception):
    """A step of the demo did not do what it is there to show."""


@dataclass
class Demo:
    """Runs the story. `say` is given every line for the user; downloads go below `out`, seconds are kept per step."""

    root: Path
    out: Path
    say: Callable[[str], None]
    seconds: list[tuple[str, float]] = field(default_factory=list)

    def run(self, *, clean: bool) -> None:
        """Tell the story from the compute to the digits. Raises: DemoError when a command or a model fails."""
        self.register()
        torch_job = self.score("Score 200 digits with torch", "--input-type uri_folder")
        self.step(
            "Add a second deployment",
            f"batch-deployment create --file {EXAMPLE}/deployment-keras/deployment.yml --endpoint-name {ENDPOINT}",
        )
        keras_job = self.score("Score them with Keras, by name", f"--deployment-name {KERAS}")
        self.step(
            "Make it the default", f"batch-endpoint update --name {ENDPOINT} --set defaults.deployment_name={KERAS}"
        )
        self.step("See it", f'batch-endpoint show --name {ENDPOINT} --query "{{Name:name, Defaults:defaults}}"')
        self.score(
            "Change settings for one job",
            f"--mini-batch-size 20 --instance-count 1 --output-path {OUTPUT}{self.free_name('mnist-out')} "
            "--set output_file_name=digits.csv",
            download=False,
        )
        self.show_predictions({"torch": torch_job, "Keras": keras_job})
        if clean:
            for command in CLEANING:
                self.step("Clean up", command)
        self.show_seconds()
        if not clean:
            self.say("\nTo clean up (or: make demo CLEAN=1):")
            for command in CLEANING:
                self.say(f"    batchpoint {command}")
        self.say("\nThe server stays for the next command; `batchpoint down` stops it.")

    def register(self) -> None:
        """Compute, model, endpoint, deployment; what exists is updated."""
        self.step(
            "Create a compute", "compute create -n batch-cluster --type local --min-instances 0 --max-instances 2"
        )
        self.step(
            "Register a model",
            f"model create --name mnist-classifier-torch --type custom_model --path {EXAMPLE}/deployment-torch/model",
        )
        self.step("Create an endpoint", f"batch-endpoint create --file {EXAMPLE}/endpoint.yml")
        self.step(
            "Create a deployment",
            f"batch-deployment create --file {EXAMPLE}/deployment-torch/deployment.yml --endpoint-name {ENDPOINT} "
            "--set-default",
        )

    def score(self, title: str, options: str, *, download: bool = True) -> str:
        """Send a job to the endpoint, watch it, and fetch its output; the job's name."""
        invoke = f"batch-endpoint invoke --name {ENDPOINT} --input {EXAMPLE}/data {options} --query name -o tsv"
        job = self.step(title, invoke).strip().splitlines()[-1]
        self.step("Watch it", f"job stream -n {job}", is_shown=True)
        self.step("Ask for its status", f"job show -n {job} --query status -o tsv")
        if download:
            target = self.out / job
            self.step(
                "Fetch its output",
                f"job download --name {job} --output-name score --download-path {shlex.quote(str(target))}",
            )
        return job

    def step(self, title: str, command: str, *, is_shown: bool = False) -> str:
        """Run one command and time it; what it printed, which the user sees too."""
        self.say(f"\n$ batchpoint {command}")
        began = time.monotonic()
        done = subprocess.run(
            [str(COMMAND), *shlex.split(command)],
            cwd=self.root,
            stdout=None if is_shown else subprocess.PIPE,
            text=True,
            check=False,
        )
        self.seconds.append((title, time.monotonic() - began))
        printed = done.stdout or ""
        if printed.strip():
            self.say(printed.rstrip())
        if done.returncode:
            raise DemoError(f"`batchpoint {command}` ended with exit code {done.returncode}; what it said is above")
        return printed

    def ask(self, command: str) -> str:
        """The answer of a command that is not part of the story."""
        arguments = [str(COMMAND), *shlex.split(command)]
        return subprocess.run(arguments, cwd=self.root, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def free_name(self, name: str) -> str:
        """A folder of the datastore that no earlier demo wrote: an output that exists is never overwritten."""
        root = Path(self.ask("datastore show -n workspaceblobstore --query root -o tsv"))
        number, free = 1, name
        while (root / free).exists():
            number += 1
            free = f"{name}-{number}"
        return free

    def show_predictions(self, jobs: dict[str, str]) -> None:
        """A table of what both models said, and how often they were right. Raises: DemoError below 95 %."""
        read = {
            model: pd.read_csv(self.out / job / "named-outputs/score/predictions.csv") for model, job in jobs.items()
        }
        files = next(iter(read.values()))["file"]
        digits = files.str.extract(r"digit-(\d)-")[0].astype(int)
        table = {"file": files, "digit": digits, **{model: rows["prediction"] for model, rows in read.items()}}
        self.say("\nPredictions (every twentieth):")
        sample = pd.DataFrame(table).iloc[::20]
        self.say(tabulate(sample.to_dict("list"), headers="keys", tablefmt="simple"))
        for model, rows in read.items():
            right = float((rows["prediction"] == digits).mean())
            where = self.out / jobs[model] / "named-outputs/score"
            self.say(f"{model}: {right:.1%} of {len(rows)} right; predictions, failures and summary in {where}")
            if right < ENOUGH:
                raise DemoError(f"the {model} model read only {right:.1%} of the digits right; it should read 95 %")

    def show_seconds(self) -> None:
        """How long each step took."""
        rows = [(title, f"{seconds:.1f}") for title, seconds in self.seconds]
        total = sum(seconds for _, seconds in self.seconds)
        self.say(
            "\n"
            + tabulate(
                [*rows, ("All of it", f"{total:.1f}")],
                headers=["step", "seconds"],
                stralign="right",
                colalign=("left", "right"),
            )
        )


def find_root() -> Path:
    """The clone that holds the examples. Raises: DemoError when there is none."""
    for root in (Path.cwd(), Path(__file__).parents[1]):
        if (root / EXAMPLE / "endpoint.yml").is_file():
            return root
    raise DemoError(f"{EXAMPLE} is not here; run the demo from a clone of Batchpoint")
