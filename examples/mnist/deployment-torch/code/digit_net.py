"""The network behind torch/model; the training script and the scoring script build the same one."""

from torch import Tensor, nn


class DigitNet(nn.Module):
    """Three convolutions and two dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 48, 3, padding=1),
            nn.BatchNorm2d(48),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(48 * 7 * 7, 32),
            nn.ReLU(),
            nn.Linear(32, 10),
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Score digits: (n, 1, 28, 28) brightness from 0 to 1 in, (n, 10) logits out."""
        return self.layers(pixels)
