"""Reads each file, has the model predict what is in it, and gives a row for each prediction.

It runs under the deployment's own interpreter, Python 3.8 or later, with what the model brings. A file that cannot be
read or predicted raises, and so costs itself alone: isolation finds it, as it does for any script.
"""

import os

from .model import load
from .predictions import frame_of
from .reading import read

model = None


def init():
    """Load the model."""
    global model
    model = load(os.environ["AZUREML_MODEL_DIR"])


def run(mini_batch, context):
    """Yield a frame for each piece of each file: file, row (in a table), and what the model predicts."""
    rows_per_chunk = int(os.environ["BATCHPOINT_ROWS_PER_CHUNK"])
    is_azure = os.environ["BATCHPOINT_LAYOUT"] == "azureml"
    for path, name in zip(mini_batch, context.relative_paths):
        for first_row, data in read(path, rows_per_chunk):
            given = 1 if first_row is None else len(data)
            frame = frame_of(model.predict(data), name, first_row, given)
            if is_azure:
                yield from azure_lines(frame)
            else:
                yield frame


def azure_lines(frame):
    """Azure's rows: the file's base name comes last, commas between, no header (azure-semantics 5)."""
    last = frame.pop("file").map(os.path.basename)
    return frame.assign(file=last).to_csv(header=False, index=False).splitlines()
