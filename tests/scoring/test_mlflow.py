"""Models that MLflow saved are scored with no script: tables typed by the signature, images as arrays, rows by file."""

import importlib
import json
import os
import subprocess
import sys

import pandas
import pytest

import scoring
from scoring.errors import InitFailedError

pytestmark = pytest.mark.slow
pytest.importorskip("mlflow")

SAVE = """
import sys
import mlflow, numpy, pandas
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import Schema, TensorSpec
from sklearn.linear_model import LogisticRegression

class Sums(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return pandas.DataFrame({"total": model_input.sum(axis=1), "rows": len(model_input)})

class Brightness(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        assert model_input.dtype == numpy.float32
        return [float(model_input.mean())]

here = sys.argv[1]
people = pandas.DataFrame({"age": [20, 30, 60, 70], "weight": [60.5, 70.0, 90.0, 100.0]})
ill = LogisticRegression().fit(people, [0, 0, 1, 1])
mlflow.sklearn.save_model(
    ill, here + "/ill", signature=infer_signature(people, ill.predict(people)), serialization_format="cloudpickle",
    pip_requirements=[],
)
mlflow.pyfunc.save_model(here + "/sums", python_model=Sums(), pip_requirements=[])
image = Schema([TensorSpec(numpy.dtype("float32"), (-1, 2, 3, 1))])
mlflow.pyfunc.save_model(
    here + "/brightness", python_model=Brightness(), signature=ModelSignature(inputs=image), pip_requirements=[]
)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, "-W", "ignore", "-c", SAVE, folder], check=True, cwd=folder, timeout=120)
    return folder


@pytest.fixture
def table(tmp_path):
    """Makes an input file; the same people in each."""
    people = pandas.DataFrame({"age": [20, 70, 30], "weight": [60, 99.5, 71]})
    folder = tmp_path / "in"
    folder.mkdir()

    def make(name):
        write = {
            "csv": lambda path: people.to_csv(path, index=False),
            "tsv": lambda path: people.to_csv(path, index=False, sep="\t"),
            "jsonl": lambda path: people.to_json(path, orient="records", lines=True),
            "json": lambda path: path.write_text(json.dumps(people.to_dict("records"))),
            "parquet": people.to_parquet,
        }
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        write[name.rpartition(".")[2]](path)
        return folder

    return make


def score(saved, model, inputs, tmp_path, **settings):
    once = {"retry_settings": {"max_retries": 0}, **settings}
    scoring.score(model=saved / model, inputs=inputs, output=tmp_path / "out", settings=once, overwrite=True)
    failures = [json.loads(line) for line in (tmp_path / "out" / "failures.jsonl").read_text().splitlines()]
    rows = (tmp_path / "out" / settings.get("output_file_name", "predictions.csv")).read_text()
    return rows, failures


def test_tables_of_every_kind_give_rows_and_a_bad_file_costs_itself_alone(saved, table, tmp_path):
    for name in ("a.csv", "b.tsv", "c/c.jsonl", "d.json", "e.parquet"):
        inputs = table(name)
    (inputs / "f.csv").write_text("age\n20\n")
    (inputs / "g.csv").write_text("age,weight\n20,heavy\n")
    (inputs / "h.avro").write_bytes(b"Obj")
    (inputs / "i.csv").write_text("age,weight\n")
    (inputs / "j.csv").write_text("age,weight\n20.5,60\n")
    rows, failures = score(saved, "ill", inputs, tmp_path)
    names = ["a.csv", "b.tsv", "c/c.jsonl", "d.json", "e.parquet"]
    expected = [f"{name},{row},{ill}" for name in names for row, ill in enumerate((0, 1, 0))]
    assert rows.splitlines() == ["file,row,prediction", *expected]
    assert {failed["path"]: failed["message"].partition("; ")[0] for failed in failures} == {
        "f.csv": "column 'weight' of the model's signature is missing",
        "g.csv": "column 'weight' is no double, as the model's signature has it: could not convert string to float: "
        "'heavy'",
        "h.avro": "a file that ends in '.avro' is not read",
        "i.csv": "there is no row in it",
        "j.csv": "column 'age' is no long, as the model's signature has it: 20.5 would change",
    }


def test_rows_are_counted_over_the_chunks_that_a_table_is_read_in(saved, table, tmp_path):
    for name in ("a.csv", "b.jsonl", "c.parquet"):
        inputs = table(name)
    rows, _ = score(saved, "ill", inputs, tmp_path, rows_per_chunk=2)
    expected = [f"{name},{row},{ill}" for name in sorted(os.listdir(inputs)) for row, ill in enumerate((0, 1, 0))]
    assert rows.splitlines() == ["file,row,prediction", *expected]


def test_columns_of_a_frame_that_the_model_returns_come_after_file_and_row(saved, table, tmp_path):
    rows, _ = score(saved, "sums", table("a.csv"), tmp_path, output_file_name="rows.jsonl", rows_per_chunk=2)
    assert [json.loads(row) for row in rows.splitlines()] == [
        {"file": "a.csv", "row": 0, "total": 80.0, "rows": 2},
        {"file": "a.csv", "row": 1, "total": 169.5, "rows": 2},
        {"file": "a.csv", "row": 2, "total": 101.0, "rows": 1},
    ]


def test_azures_rows_have_the_files_base_name_last_and_no_header(saved, table, tmp_path):
    rows, _ = score(saved, "ill", table("deep/a.csv"), tmp_path, output_format="azureml")
    assert rows == "0,0,a.csv\n1,1,a.csv\n2,0,a.csv\n"


def test_an_image_becomes_an_array_of_the_signatures_type_and_shape(saved, tmp_path):
    image = pytest.importorskip("PIL.Image")
    inputs = tmp_path / "in"
    inputs.mkdir()
    image.new("L", (3, 2), 7).save(inputs / "fits.png")
    image.new("L", (6, 1), 9).save(inputs / "reshaped.png")
    image.new("RGB", (3, 2)).save(inputs / "too_large.png")
    rows, failures = score(saved, "brightness", inputs, tmp_path)
    assert rows.splitlines() == ["file,prediction", "fits.png,7.0", "reshaped.png,9.0"]
    assert [failed["message"] for failed in failures] == ["the image is 2 x 3 x 3, and the model wants 2 x 3 x 1"]


def test_a_folder_without_a_model_is_refused_before_anything_is_scored(table, tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(InitFailedError, match=r"the model holds no file of a kind that is scored without a script"):
        score(tmp_path, "model", table("a.csv"), tmp_path)


@pytest.mark.parametrize(
    ("predicted", "columns"),
    [
        ([1, 2], {"prediction": [1, 2]}),
        (pandas.Series([1, 2]), {"prediction": [1, 2]}),
        (pandas.Series([1, 2], name="label"), {"label": [1, 2]}),
        ([[1], [2]], {"prediction": [1, 2]}),
        ([[1, 2], [3, 4]], {"prediction_0": [1, 3], "prediction_1": [2, 4]}),
        ([[[1, 2]], [[3, 4]]], {"prediction": [[[1, 2]], [[3, 4]]]}),
        ([{"label": "a"}, {"label": "b"}], {"label": ["a", "b"]}),
        ({"label": ["a", "b"], "boxes": [[[0]], [[1]]]}, {"label": ["a", "b"], "boxes": [[[0]], [[1]]]}),
        (pandas.DataFrame({"file": [1, 2]}, index=[7, 8]), {"prediction_file": [1, 2]}),
    ],
    ids=str,
)
def test_whatever_a_model_predicts_becomes_columns(predicted, columns):
    found = predictions().frame_of(predicted, ["a.csv"] * 2, range(5, 7))
    assert found.to_dict("list") == {"file": ["a.csv"] * 2, "row": [5, 6], **columns}


@pytest.mark.parametrize(
    ("predicted", "said"),
    [
        ([1], "the model returned 1 predictions for 2 rows"),
        ("ab", "the model returned a str, which is no list of predictions"),
        (None, "the model returned a NoneType, which is no list of predictions"),
    ],
)
def test_predictions_that_are_not_one_for_each_row_are_refused(predicted, said):
    with pytest.raises(ValueError, match=said):
        predictions().frame_of(predicted, ["a.csv"] * 2, range(2))


def predictions():
    return importlib.import_module("scoring.ready.batchpoint_ready.predictions")
