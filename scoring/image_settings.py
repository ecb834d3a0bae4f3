"""How images become arrays for models without a script, where the models themselves do not say."""

from typing import Literal, Self

from pydantic import Field, model_validator

from scoring.strict import Strict


class ImageSettings(Strict):
    """What a model without a scoring script is given of an image, where the model does not say."""

    height: int | None = Field(
        None, ge=1, description="Pixels that images are made high; left out, they stay as they are."
    )
    width: int | None = Field(None, ge=1, description="Pixels that they are made wide.")
    colour: Literal["rgb", "bgr", "grey"] | None = Field(
        None, description="Which channels there are; left out, as many as the model takes, else those of the file."
    )
    layout: Literal["channels_first", "channels_last"] | None = Field(
        None, description="Whether channels come before height and width, or after them; left out, as the model says."
    )
    divide_by: float | None = Field(
        None,
        gt=0,
        description="What pixels, 0 to 255, are divided by: 255 for numbers from 0 to 1, and 1 to leave them. It must "
        "be said for a model that takes other than whole numbers and does not scale them itself.",
    )
    mean: tuple[float, ...] | None = Field(
        None, min_length=1, description="Subtracted after that: one number, or one for each channel."
    )
    std: tuple[float, ...] | None = Field(
        None, min_length=1, description="What it is divided by last: one number, or one for each channel."
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if (self.height is None) != (self.width is None):
            raise ValueError("height and width go together; write both")
        if self.divide_by is None and (self.mean or self.std):
            raise ValueError("mean and std are of pixels after divide_by; write that too, 1 where they are of 0 to 255")
        if self.std and 0 in self.std:
            raise ValueError("std holds 0, by which nothing can be divided")
        return self
