"""What an image becomes follows from what its model says and what is set, and where neither says it, from nothing."""

import importlib

import numpy
import pytest
from PIL import Image
from pydantic import ValidationError

from scoring.image_settings import ImageSettings

images = importlib.import_module("scoring.ready.batchpoint_ready.images")


@pytest.fixture
def picture(tmp_path):
    """The path of an image 2 high and 4 wide, red on the left and black on the right."""
    pixels = numpy.zeros((2, 4, 3), "uint8")
    pixels[:, :2, 0] = 200
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def read(path, wanted=None, **said):
    given = ImageSettings.model_validate(said).model_dump(mode="json", exclude_none=True)
    return images.Images(given, wanted).read(path)


def wanted(*shape, **said):
    return images.ImageInput(shape, **said)


def test_a_model_that_says_nothing_is_given_an_image_as_it_is(picture):
    array = read(picture)
    assert (array.shape, array.dtype, array[0, 0].tolist()) == ((2, 4, 3), "uint8", [200, 0, 0])


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ({"colour": "bgr"}, [0, 0, 200]),
        ({"colour": "grey"}, [60]),
        ({"divide_by": 100}, [2, 0, 0]),
        ({"divide_by": 100, "mean": [1, 0, -1], "std": [0.5]}, [2, 0, 2]),
    ],
)
def test_colours_and_numbers_are_as_they_are_set(picture, said, first):
    assert read(picture, **said)[0, 0].tolist() == first


def test_an_image_is_made_as_large_as_it_is_set(picture):
    assert read(picture, height=4, width=2).shape == (4, 2, 3)


@pytest.mark.parametrize(
    ("shape", "becomes"),
    [
        ((3, None, None), (3, 2, 4)),
        ((None, None, 3), (2, 4, 3)),
        ((1, 2, None), (1, 2, 4)),
        ((2, 4, 1), (2, 4, 1)),
        ((2, 4), (2, 4)),
        ((24,), (24,)),
        ((None,), (24,)),
    ],
)
def test_axes_and_channels_are_those_of_the_models_input(picture, shape, becomes):
    array = read(picture, wanted(*shape, dtype="float16"), divide_by=1)
    assert (array.shape, array.dtype) == (becomes, "float16")


def test_an_image_of_another_size_is_refused_with_what_would_make_it_fit(picture):
    with pytest.raises(ValueError, match=r"the image is 24, and the model takes 6$"):
        read(picture, wanted(6), divide_by=1)
    with pytest.raises(ValueError, match=r"is 3 x 2 x 4, and the model takes 3 x 8 x 8; .*{height: 8, width: 8} makes"):
        read(picture, wanted(3, 8, 8), divide_by=1)


@pytest.mark.parametrize(
    ("model", "said", "sentence"),
    [
        (wanted(None, None, None), {"divide_by": 1}, "any x any x any, which does not say which axis the channels are"),
        (wanted(3, 8, 3), {"divide_by": 1}, "does not say which axis"),
        (wanted(3, 8, 8), {}, "the model does not say how pixels are scaled; write settings.images: {divide_by: 255}"),
        (wanted(3, 8, 8, dtype="uint8"), {"divide_by": 255}, "takes uint8, pixels as they are; remove settings.images"),
    ],
)
def test_what_neither_model_nor_settings_say_is_asked_for_before_any_image_is_read(model, said, sentence):
    with pytest.raises(ValueError, match=sentence):
        images.Images(said, model)


def test_numbers_above_255_are_kept(tmp_path):
    Image.fromarray(numpy.full((2, 2), 60000, "uint16")).save(tmp_path / "deep.png")
    assert read(tmp_path / "deep.png", wanted(1, 2, 2), divide_by=30000).tolist() == [[[2, 2], [2, 2]]]
    with pytest.raises(ValueError, match="has more than 8 bits a pixel and no colours, and the model takes rgb"):
        read(tmp_path / "deep.png", wanted(3, 2, 2), divide_by=1)


def test_as_many_numbers_as_channels_are_asked_for(picture):
    with pytest.raises(ValueError, match=r"settings.images.mean has 2 numbers, and the image 3 channels"):
        read(picture, divide_by=1, mean=[1, 2])


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"height": 2}, "height and width go together"),
        ({"mean": [1]}, "mean and std are of pixels after divide_by"),
        ({"divide_by": 1, "std": [0]}, "std holds 0"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(said, sentence):
    with pytest.raises(ValidationError, match=sentence):
        ImageSettings.model_validate(said)
