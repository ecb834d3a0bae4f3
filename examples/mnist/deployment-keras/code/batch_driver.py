"""Scoring script: reads handwritten digits with the Keras model, a mini-batch in one forward pass."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

# Read when Keras and TensorFlow are imported: the backend, plain kernels (oneDNN's round differently from machine to
# machine), and no start-up notices in the job's log.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras

model: keras.Model


def init() -> None:
    """Load the model; called once in each scoring process."""
    global model
    model = keras.saving.load_model(Path(os.environ["AZUREML_MODEL_DIR"], "model", "digits.keras"), compile=False)


def run(mini_batch: list[str]) -> pd.DataFrame:
    """Read the digit in each image.

    Args:
        mini_batch: paths of the images, light digits on a dark ground.
    Returns: one row per image, in the order given.
    Raises: what Pillow raises when a file is no whole image; the mini-batch then fails.
    """
    pixels = np.stack([brightness(path) for path in mini_batch])
    probabilities = keras.ops.convert_to_numpy(model(pixels, training=False))
    return pd.DataFrame(
        {
            "file": [Path(path).name for path in mini_batch],
            "prediction": probabilities.argmax(axis=1),
            "probability": probabilities.max(axis=1),
        }
    )


def brightness(path: str) -> np.ndarray:
    """The image as (28, 28, 1) numbers from 0 (black) to 1 (white)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((28, 28)), dtype=np.float32)[..., np.newaxis] / 255
