"""From a frame to the arrays that a model without columns takes."""

import numpy
from pandas.api.types import is_numeric_dtype


class DoesNotFitError(ValueError):
    """What a file holds is not what the model takes, whenever it is tried."""


class Input:
    """One input of a model: its name, the lengths of its axes, None for an open one, and the type of its numbers."""

    def __init__(self, name, shape, dtype):
        self.name, self.shape, self.dtype = name, tuple(shape), dtype

    @property
    def batch(self):
        """How many it takes at once, where that is fixed."""
        return self.shape[0] if self.shape else None


def arrays_of(frame, inputs):
    """An array for each input: the columns called as the inputs, or all columns for the only one.

    Raises: DoesNotFitError that names the column, or says how many there should be.
    """
    if len(inputs) == 1 and inputs[0].name not in frame.columns:
        return [numbers(frame, inputs[0])]
    missing = [one.name for one in inputs if one.name not in frame.columns]
    if missing:
        raise DoesNotFitError(
            "column %s, which the model takes, is missing; there are %s"
            % (" and ".join(map(repr, missing)), ", ".join(map(repr, frame.columns)))
        )
    return [_column(frame[one.name], one) for one in inputs]


def numbers(frame, wanted):
    """All columns as numbers, in the frame's order. Raises: DoesNotFitError."""
    if len(wanted.shape) != 2:
        raise DoesNotFitError("the model takes arrays of %d axes, and this is a table" % len(wanted.shape))
    for name in frame.columns:
        if not is_numeric_dtype(frame[name]):
            raise DoesNotFitError("column %r holds no numbers, which the model takes" % name)
    width = wanted.shape[1]
    if width not in (None, len(frame.columns)):
        there = ", ".join(map(repr, frame.columns))
        raise DoesNotFitError("there are %d columns (%s), and the model takes %d" % (len(frame.columns), there, width))
    return frame.to_numpy(wanted.dtype)


def _column(values, wanted):
    """A column whose cells are numbers, or lists of them."""
    try:
        array = numpy.array(values.to_list(), wanted.dtype)
    except (TypeError, ValueError) as error:
        raise DoesNotFitError("column %r is no %s: %s" % (wanted.name, wanted.dtype, error)) from error
    return array[:, None] if array.ndim == 1 and len(wanted.shape) == 2 else array


def predict_in(batch, arrays, call):
    """Have a model predict so many rows at once as it takes, the last ones filled up by repeating the very last.

    Args:
        batch: how many; None for any number.
        arrays: as many rows in each.
        call: is given a list of arrays, and returns one array for each output.
    """
    rows = len(arrays[0])
    if batch in (None, rows):
        return call(arrays)
    pieces = []
    for at in range(0, rows, batch):
        given = [array[at : at + batch] for array in arrays]
        short = batch - len(given[0])
        filled = [numpy.concatenate([array, numpy.repeat(array[-1:], short, axis=0)]) for array in given]
        pieces.append([output[: batch - short] for output in call(filled)])
    return [numpy.concatenate(outputs) for outputs in zip(*pieces)]
