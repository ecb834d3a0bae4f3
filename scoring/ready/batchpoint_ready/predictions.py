"""From what a model predicts to rows."""

import numpy
import pandas


def frame_of(predicted, name, first_row, given):
    """A frame with a row for each prediction: file, row where the file is a table, then the prediction's columns.

    Args:
        predicted: an array, series, frame, list or dict of arrays, as models return.
        name: the file's path, relative to the input.
        first_row: number of the first row, counted from 0; None for an image.
        given: rows that the model was given; 1 for an image.
    Raises: ValueError when the model returned another number of rows, or what is no table.
    """
    columns = _columns(predicted).reset_index(drop=True)
    if len(columns) != given:
        raise ValueError("the model returned %d predictions for %d rows" % (len(columns), given))
    frame = pandas.DataFrame({"file": [name] * len(columns)})
    if first_row is not None:
        frame["row"] = range(first_row, first_row + len(columns))
    columns.columns = [_beside(str(column), frame.columns) for column in columns.columns]
    return pandas.concat([frame, columns], axis=1)


def _beside(column, taken):
    return "prediction_%s" % column if column in taken else column


def _columns(predicted):
    if isinstance(predicted, pandas.DataFrame):
        return predicted
    if isinstance(predicted, pandas.Series):
        return predicted.to_frame("prediction" if predicted.name is None else predicted.name)
    if isinstance(predicted, dict):
        return pandas.DataFrame({key: _as_column(value) for key, value in predicted.items()})
    if isinstance(predicted, list) and predicted and all(isinstance(each, dict) for each in predicted):
        return pandas.DataFrame(predicted)
    if isinstance(predicted, (str, bytes)) or not hasattr(predicted, "__len__"):
        raise ValueError("the model returned a %s, which is no list of predictions" % type(predicted).__name__)
    values = numpy.asarray(predicted)
    if values.ndim == 2:
        names = ["prediction"] if values.shape[1] == 1 else ["prediction_%d" % at for at in range(values.shape[1])]
        return pandas.DataFrame(values, columns=names)
    return pandas.DataFrame({"prediction": _as_column(values)})


def _as_column(value):
    """Values for one column; what has more dimensions becomes a list in each row."""
    values = numpy.asarray(value)
    return values if values.ndim == 1 else pandas.Series(values.tolist(), dtype=object)
