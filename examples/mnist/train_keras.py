"""Train the Keras model on the digits that make_data.py wrote, and say how many held-out digits it reads right."""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "deployment-keras" / "code"))

from batch_driver import brightness, keras  # noqa: E402

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--digits", type=Path, default=Path("build/mnist"), help="what make_data.py wrote (%(default)s)"
    )
    parser.add_argument("--epochs", type=int, default=25, help="passes over the training digits (%(default)s)")
    parser.add_argument(
        "--out", type=Path, default=HERE / "deployment-keras/model/digits.keras", help="the file to write"
    )
    arguments = parser.parse_args()
    keras.utils.set_random_seed(0)
    started = time.monotonic()
    model = train(*load(arguments.digits / "train"), epochs=arguments.epochs)
    model.save(arguments.out)
    right = accuracy(model, *load(arguments.digits / "held-out"))
    print(f"trained in {time.monotonic() - started:.0f} s; {right:.1%} of the held-out digits are read right")


def load(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read images named digit-LABEL-NUMBER.png: (n, 28, 28, 1) brightnesses and n labels."""
    paths = sorted(folder.glob("*.png"))
    if not paths:
        sys.exit(f"{folder} holds no images; run make_data.py first")
    return np.stack([brightness(str(path)) for path in paths]), np.array([int(p.name.split("-")[1]) for p in paths])


def digit_net() -> keras.Model:
    """Three convolutions and two dense layers: (n, 28, 28, 1) brightness from 0 to 1 in, (n, 10) probabilities out."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.MaxPooling2D(),
            layers.Conv2D(48, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def distortion() -> keras.Model:
    """Turn, scale and shift each digit a little, so that the network meets more hands than wrote the 4,000."""
    layers = keras.layers
    dark = {"fill_mode": "constant", "fill_value": 0.0}
    return keras.Sequential(
        [
            layers.RandomRotation(0.03, **dark),
            layers.RandomZoom(0.1, **dark),
            layers.RandomTranslation(0.07, 0.07, **dark),
        ]
    )


def train(pixels: np.ndarray, labels: np.ndarray, epochs: int) -> keras.Model:
    """Fit a new network; only the network is returned, without the distortion and the optimizer's memory."""
    model = digit_net()
    steps = epochs * -(-len(labels) // BATCH)
    training = keras.Sequential([keras.Input((28, 28, 1)), distortion(), model])
    training.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(3e-3, steps), weight_decay=1e-3),
        loss="sparse_categorical_crossentropy",
    )
    training.fit(pixels, labels, batch_size=BATCH, epochs=epochs, verbose=2)
    return model


def accuracy(model: keras.Model, pixels: np.ndarray, labels: np.ndarray) -> float:
    """The share of digits read right."""
    return float((model.predict(pixels, verbose=0).argmax(axis=1) == labels).mean())


if __name__ == "__main__":
    main()
