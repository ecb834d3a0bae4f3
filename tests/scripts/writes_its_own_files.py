"""Writes a file of its own for each input, called as NAMED says or as the input."""

import os
from pathlib import Path

OUTPUT = Path(os.environ["AZUREML_BI_OUTPUT_PATH"])


def run(mini_batch):
    for path in mini_batch:
        name = os.environ.get("NAMED") or f"{Path(path).stem}.json"
        (OUTPUT / "masks").mkdir(exist_ok=True)
        (OUTPUT / name).write_text("{}")
        (OUTPUT / "masks" / Path(path).name).write_text("mask")
    return mini_batch
