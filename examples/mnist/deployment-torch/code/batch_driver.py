"""Scoring script: reads handwritten digits with the PyTorch model, a mini-batch in one forward pass."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from digit_net import DigitNet  # from this folder: files beside the script can be imported
from PIL import Image

device = "cuda" if torch.cuda.is_available() else "cpu"
model = DigitNet()


def init() -> None:
    """Load the weights; called once in each scoring process."""
    weights = Path(os.environ["AZUREML_MODEL_DIR"], "model", "digits.pt")
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    model.to(device).eval()


def run(mini_batch: list[str]) -> pd.DataFrame:
    """Read the digit in each image.

    Args:
        mini_batch: paths of the images, light digits on a dark ground.
    Returns: one row per image, in the order given.
    Raises: what Pillow raises when a file is no whole image; the mini-batch then fails.
    """
    pixels = torch.from_numpy(np.stack([brightness(path) for path in mini_batch]))
    with torch.inference_mode():
        best = torch.softmax(model(pixels.to(device)), dim=1).max(dim=1)
    return pd.DataFrame(
        {
            "file": [Path(path).name for path in mini_batch],
            "prediction": best.indices.cpu().numpy(),
            "probability": best.values.cpu().numpy(),
        }
    )


def brightness(path: str) -> np.ndarray:
    """The image as (1, 28, 28) numbers from 0 (black) to 1 (white)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((28, 28)), dtype=np.float32)[np.newaxis] / 255
