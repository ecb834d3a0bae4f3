"""From what a model predicts to rows."""

import numpy
import pandas


def frame_of(predicted, files, rows=None):
    """A frame with a row for each prediction: file, row where the files are tables, then the prediction's columns.

    Args:
        predicted: an array, series, frame, list or dict of arrays, as models return.
        files: for each row, or image, that the model was given, the path of its file relative to the input.
        rows: its number in that file, counted from 0; None for images.
    Raises: ValueError when the model returned another number of rows, or what is no table.
    """
    columns = _columns(predicted).reset_index(drop=True)
    if len(columns) != len(files):
        what = "images" if rows is None else "rows"
        raise ValueError("the model returned %d predictions for %d %s" % (len(columns), len(files), what))
    frame = pandas.DataFrame({"file": list(files)})
    if rows is not None:
        frame["row"] = rows
    columns.columns = [_beside(str(column), frame.columns) for column in columns.columns]
    return pandas.concat([frame, columns], axis=1)


def outputs_by_name(returned, names=()):
    """What a framework's model returned, a dict, a list or one array, as a dict of its outputs.

    Args:
        returned: by the model.
        names: of the outputs, where the model has some.
    """
    if isinstance(returned, dict):
        return returned
    if isinstance(returned, (list, tuple)):
        return dict(zip(names or ["output_%d" % at for at in range(len(returned))], returned))
    return {"output": returned}


def outputs_as_one(outputs):
    """What a model predicts, from its outputs by name: the only one as it is, of several a frame.

    An output of one number a row is a column of its name; of several, NAME_0, NAME_1 and so on; of objects, NAME_KEY.
    """
    if len(outputs) == 1:
        return next(iter(outputs.values()))
    columns = {}
    for name, output in outputs.items():
        columns.update(_named(name, output))
    return pandas.DataFrame(columns)


def _named(name, output):
    if isinstance(output, list) and output and isinstance(output[0], dict):
        return {"%s_%s" % (name, key): [row[key] for row in output] for key in output[0]}
    values = numpy.asarray(output)
    if values.ndim == 2 and values.shape[1] > 1:
        return {"%s_%d" % (name, at): values[:, at] for at in range(values.shape[1])}
    return {name: _as_column(values[:, 0] if values.ndim == 2 else values)}


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
