"""From an image's file to the array that a model takes of it.

What a model says of its input decides; settings.images says the rest. Nothing is guessed: where neither tells how large
an image is to be, where its channels are or how its pixels are scaled, a sentence says what to write.
"""

import numpy

CHANNELS = {1: "grey", 3: "rgb", 4: "rgba"}
MODES = {"grey": "L", "rgb": "RGB", "bgr": "RGB", "rgba": "RGBA"}
DEEP = ("I", "F")
"""How modes of Pillow begin whose numbers are not 0 to 255; turned into others, they would be cut off there."""


class ImageInput:
    """What a model says of one image: where it says nothing, None."""

    def __init__(self, shape=None, dtype="float32", layout=None, is_scaled_inside=False):
        """Keep it.

        Args:
            shape: lengths of the axes, None for one that is open: height, width and channels in either order, height
                and width of grey images, or one length for all pixels in a row.
            dtype: of the numbers.
            layout: channels_first or channels_last, where the model tells.
            is_scaled_inside: whether the model itself scales pixels from 0 to 255, which whole numbers say too.
        """
        self.shape, self.dtype = shape, numpy.dtype(dtype)
        self.layout = layout or _layout_of(shape)
        self.is_scaled_inside = is_scaled_inside or self.dtype.kind in "iu"


def _layout_of(shape):
    if shape is None or len(shape) != 3:
        return None
    first, last = shape[0] in CHANNELS, shape[2] in CHANNELS
    return {(True, False): "channels_first", (False, True): "channels_last"}.get((first, last))


class Images:
    """Reads images as a model takes them."""

    def __init__(self, said, wanted):
        """Begin.

        Args:
            said: settings.images, what is set of it.
            wanted: an ImageInput; None of a model that takes images as they are in their files.
        Raises: ValueError when the two do not go together, or leave open what cannot be guessed.
        """
        self._said, self._wanted = said, wanted
        self._shape = wanted.shape if wanted is not None else None
        self._layout = said.get("layout") or (wanted.layout if wanted is not None else None)
        self._colour = said.get("colour") or CHANNELS.get(self._channels())
        if self._shape is not None and len(self._shape) == 3:
            self._check()  # a model that takes images and nothing else: told before any is read

    def read(self, path):
        """One image as an array. Raises: ValueError, OSError for a file that is no image."""
        self._check()
        pixels = self._scaled(self._pixels(path))
        return self._laid_out(pixels)

    def _check(self):
        if self._shape is not None and len(self._shape) == 3 and self._layout is None:
            raise ValueError(
                "the model takes images of %s, which does not say which axis the channels are; write settings.images: "
                "{layout: channels_first}, or channels_last" % _by(self._shape)
            )
        if self._wanted is None:
            return
        is_scaled = self._said.get("divide_by") is not None
        if self._wanted.is_scaled_inside and is_scaled and self._wanted.dtype.kind in "iu":
            raise ValueError(
                "the model takes %s, pixels as they are; remove settings.images.divide_by" % self._wanted.dtype
            )
        if not self._wanted.is_scaled_inside and not is_scaled:
            raise ValueError(
                "the model does not say how pixels are scaled; write settings.images: {divide_by: 255} for numbers "
                "from 0 to 1, or {divide_by: 1} for 0 to 255"
            )

    def _channels(self):
        """How many the model takes, as far as it says."""
        if self._shape is None or len(self._shape) == 1:
            return None
        if len(self._shape) == 2:
            return 1
        return {"channels_first": self._shape[0], "channels_last": self._shape[2]}.get(self._layout)

    def _pixels(self, path):
        try:
            from PIL import Image
        except ImportError:
            raise ValueError(
                "an image needs Pillow, which the deployment's environment does not have; add it"
            ) from None
        with Image.open(path) as image:
            image = self._coloured(image)
            if self._said.get("height"):
                image = image.resize((self._said["width"], self._said["height"]), Image.BILINEAR)
            pixels = numpy.asarray(image)
        pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
        return pixels[:, :, ::-1] if self._colour == "bgr" else pixels

    def _coloured(self, image):
        mode = MODES.get(self._colour)
        if mode is None:
            # A palette's numbers are no colours.
            return image.convert("RGB") if image.mode in ("P", "CMYK", "YCbCr") else image
        if not image.mode.startswith(DEEP):
            return image if image.mode == mode else image.convert(mode)
        if mode != "L":
            raise ValueError(
                "the image has more than 8 bits a pixel and no colours, and the model takes %s" % self._colour
            )
        return image

    def _scaled(self, pixels):
        divisor = self._said.get("divide_by")
        if divisor is None:
            return pixels if self._wanted is None else pixels.astype(self._wanted.dtype)
        mean, deviation = (self._for_each_channel(name, pixels) for name in ("mean", "std"))
        scaled = pixels.astype("float32") / numpy.float32(divisor)
        if mean is not None:
            scaled -= mean
        if deviation is not None:
            scaled /= deviation
        return scaled if self._wanted is None else scaled.astype(self._wanted.dtype)

    def _for_each_channel(self, name, pixels):
        numbers = self._said.get(name)
        if numbers is not None and len(numbers) not in (1, pixels.shape[2]):
            raise ValueError(
                "settings.images.%s has %d numbers, and the image %d channels" % (name, len(numbers), pixels.shape[2])
            )
        return None if numbers is None else numpy.asarray(numbers, "float32")

    def _laid_out(self, pixels):
        laid_out = pixels.transpose(2, 0, 1) if self._layout == "channels_first" else pixels
        if self._shape is None:
            return laid_out
        wanted = tuple(self._shape)
        if len(wanted) == 1:
            laid_out = laid_out.reshape(-1)
        elif len(wanted) == 2 and pixels.shape[2] == 1:
            laid_out = pixels[:, :, 0]
        if laid_out.ndim != len(wanted) or any(each not in (None, has) for each, has in zip(wanted, laid_out.shape)):
            raise ValueError(
                "the image is %s, and the model takes %s%s" % (_by(laid_out.shape), _by(wanted), self._advice())
            )
        return laid_out

    def _advice(self):
        sides = {"channels_first": slice(1, 3), "channels_last": slice(0, 2)}.get(self._layout, slice(0, 2))
        height_and_width = self._shape[sides]
        if len(height_and_width) < 2 or None in height_and_width:
            return ""
        return "; settings.images: {height: %d, width: %d} makes it so" % tuple(height_and_width)


def _by(shape):
    return " x ".join("any" if each is None else str(each) for each in shape)
