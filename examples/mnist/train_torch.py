"""Train the PyTorch model on the digits that make_data.py wrote, and say how many held-out digits it reads right."""

import argparse
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "deployment-torch" / "code"))

from batch_driver import brightness  # noqa: E402
from digit_net import DigitNet  # noqa: E402

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--digits", type=Path, default=Path("build/mnist"), help="what make_data.py wrote (%(default)s)"
    )
    parser.add_argument("--epochs", type=int, default=25, help="passes over the training digits (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE / "deployment-torch/model/digits.pt", help="the file to write")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    started = time.monotonic()
    model = train(*load(arguments.digits / "train"), epochs=arguments.epochs)
    torch.save(model.state_dict(), arguments.out)
    right = accuracy(model, *load(arguments.digits / "held-out"))
    print(f"trained in {time.monotonic() - started:.0f} s; {right:.1%} of the held-out digits are read right")


def load(folder: Path) -> tuple[Tensor, Tensor]:
    """Read images named digit-LABEL-NUMBER.png: (n, 1, 28, 28) brightnesses and n labels."""
    paths = sorted(folder.glob("*.png"))
    if not paths:
        sys.exit(f"{folder} holds no images; run make_data.py first")
    pixels = torch.stack([torch.from_numpy(brightness(str(path))) for path in paths])
    return pixels, torch.tensor([int(path.name.split("-")[1]) for path in paths])


def train(pixels: Tensor, labels: Tensor, epochs: int) -> DigitNet:
    """Fit a new network; the learning rate rises and falls once over the whole training."""
    model = DigitNet().train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-3)
    steps = -(-len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, epochs=epochs, steps_per_epoch=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(distort(pixels[chosen])), labels[chosen]).backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def distort(pixels: Tensor) -> Tensor:
    """Turn, scale and shift each digit a little, so that the network meets more hands than wrote the 4,000."""
    n = len(pixels)
    angle = torch.empty(n).uniform_(-0.2, 0.2)
    scale = torch.empty(n).uniform_(0.9, 1.1)
    matrix = torch.empty(n, 2, 3).uniform_(-0.15, 0.15)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos() * scale
    matrix[:, 1, 0] = angle.sin() * scale
    matrix[:, 0, 1] = -matrix[:, 1, 0]
    grid = functional.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, align_corners=False)


@torch.inference_mode()
def accuracy(model: DigitNet, pixels: Tensor, labels: Tensor) -> float:
    """The share of digits read right."""
    return (model(pixels).argmax(dim=1) == labels).float().mean().item()


if __name__ == "__main__":
    main()
