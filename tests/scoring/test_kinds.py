"""Models of many kinds are scored with no script: tables and images become what each says that it takes."""

import json
import subprocess
import sys

import pandas
import pytest
from PIL import Image

import scoring
from scoring import ready_script
from scoring.errors import InitFailedError

pytestmark = pytest.mark.slow

SKLEARN = """
import pickle, sys
import joblib, numpy, pandas
from sklearn.linear_model import LinearRegression, LogisticRegression

people = pandas.DataFrame({"age": [20, 30, 60, 70], "weight": [60.5, 70.0, 90.0, 100.0]})
joblib.dump(LogisticRegression().fit(people, ["well", "well", "ill", "ill"]), sys.argv[1] + "/ill.joblib")
with open(sys.argv[1] + "/ink.pkl", "wb") as file:  # the sum of six pixels
    pickle.dump(LinearRegression(fit_intercept=False).fit(numpy.eye(6), numpy.ones(6)), file)
"""
TORCH = """
import sys, warnings
import torch
warnings.simplefilter("ignore")

class Table(torch.nn.Module):
    def forward(self, x):
        return x.sum(dim=1), 2 * x

class Brightest(torch.nn.Module):
    def forward(self, pixels):
        return pixels.flatten(1).max(dim=1).values

rows = torch.export.Dim("rows")
program = torch.export.export(Table(), (torch.ones(3, 2),), dynamic_shapes=({0: rows},))
torch.export.save(program, sys.argv[1] + "/table.pt2")
torch.export.save(torch.export.export(Brightest(), (torch.ones(2, 1, 2, 3),)), sys.argv[1] + "/two.pt2")
torch.jit.save(torch.jit.script(Brightest()), sys.argv[1] + "/brightest.pt")
torch.save(torch.nn.Linear(2, 1).state_dict(), sys.argv[1] + "/weights.pt")
"""
KERAS = """
import sys
import keras
from keras import layers

scaled = [keras.Input((2, 3, 1)), layers.Rescaling(1 / 2), layers.GlobalAveragePooling2D()]
keras.Sequential(scaled).save(sys.argv[1] + "/mean.keras")
age, weight = keras.Input((1,), name="age"), keras.Input((1,), name="weight")
total = layers.Add(name="total")([age, weight])
keras.Model([age, weight], [total, layers.Concatenate(name="both")([age, weight])]).save(sys.argv[1] + "/people.keras")
"""
ONNX = """
import sys
import onnx
from onnx import TensorProto, helper

def save(name, nodes, inputs, outputs):
    info = lambda one: helper.make_tensor_value_info(one[0], one[1], one[2])
    graph = helper.make_graph(nodes, name, [info(one) for one in inputs], [info(one) for one in outputs])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), f"{sys.argv[1]}/{name}.onnx")

FLOAT, BYTE = TensorProto.FLOAT, TensorProto.UINT8
column = ["n", 1]
save("people", [helper.make_node("Add", ["age", "weight"], ["total"]), helper.make_node("Neg", ["age"], ["minus"])],
     [("age", FLOAT, column), ("weight", FLOAT, column)], [("total", FLOAT, column), ("minus", FLOAT, column)])
save("pairs", [helper.make_node("Neg", ["x"], ["y"])], [("x", FLOAT, [2, 2])], [("y", FLOAT, [2, 2])])
save("mean", [helper.make_node("ReduceMean", ["x"], ["y"], axes=[1, 2, 3], keepdims=0)],
     [("x", FLOAT, ["n", 3, "h", "w"])], [("y", FLOAT, ["n"])])
save("bytes", [helper.make_node("Flatten", ["x"], ["y"])], [("x", BYTE, ["n", 2, 3])], [("y", BYTE, ["n", 6])])
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Has a program save models; the path of one."""
    folder, done = tmp_path_factory.mktemp("models"), set()

    def model(program, name):
        if program not in done:
            (folder / "save.py").write_text(program)  # TorchScript reads its classes' source
            subprocess.run([sys.executable, "-W", "ignore", "save.py", folder], check=True, cwd=folder, timeout=120)
            done.add(program)
        return folder / name

    return model


@pytest.fixture
def inputs(tmp_path):
    """Two tables of people, and what is no such table."""
    folder = tmp_path / "in"
    folder.mkdir()
    pandas.DataFrame({"age": [20, 70], "weight": [60.0, 99.5]}).to_csv(folder / "a.csv", index=False)
    pandas.DataFrame({"age": [30], "weight": [71.0]}).to_json(folder / "b.jsonl", orient="records", lines=True)
    return folder


@pytest.fixture
def pictures(tmp_path):
    """Three images of one colour each, 2 high and 3 wide."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for brightness in (10, 20, 40):
        Image.new("RGB", (3, 2), (brightness,) * 3).save(folder / f"{brightness}.png")
    return folder


@pytest.fixture
def score(tmp_path):
    """Scores a folder with a model and no script; the rows, and what failed files say."""

    def score(model, inputs, script=None, **settings):
        once = {"retry_settings": {"max_retries": 0}, **settings}
        scoring.score(script=script, model=model, inputs=inputs, output=tmp_path / "out", settings=once, overwrite=True)
        failures = (tmp_path / "out/failures.jsonl").read_text().splitlines()
        rows = (tmp_path / "out/predictions.csv").read_text().splitlines()
        return rows, {failed["path"]: failed["message"] for failed in map(json.loads, failures)}

    return score


def test_a_classifier_of_scikit_learn_predicts_and_says_how_sure_it_is(saved, score, inputs):
    (inputs / "c.csv").write_text("age\n20\n")
    rows, failures = score(saved(SKLEARN, "ill.joblib"), inputs)
    assert rows[0] == "file,row,prediction,probability_ill,probability_well"
    assert [row.split(",")[:3] for row in rows[1:]] == [
        ["a.csv", "0", "well"],
        ["a.csv", "1", "ill"],
        ["b.jsonl", "0", "well"],
    ]
    assert float(rows[2].split(",")[3]) > 0.9
    assert failures == {"c.csv": "column 'weight', which the model was fitted with, is missing; there are 'age'"}


def test_an_images_pixels_are_the_features_of_a_model_of_scikit_learn(saved, score, pictures):
    rows, _ = score(saved(SKLEARN, "ink.pkl"), pictures, images={"colour": "grey", "divide_by": 10})
    assert [(row.split(",")[0], round(float(row.split(",")[1]), 3)) for row in rows[1:]] == [
        ("10.png", 6.0),
        ("20.png", 12.0),
        ("40.png", 24.0),
    ]


def test_a_torch_export_program_takes_all_columns_and_names_its_outputs_by_their_order(saved, score, inputs):
    (inputs / "c.csv").write_text("age,weight,name\n20,60,Ann\n")
    (inputs / "d.csv").write_text("age,weight,size\n20,60,1\n")
    rows, failures = score(saved(TORCH, "table.pt2"), inputs, rows_per_chunk=1)
    assert rows == [
        "file,row,output_0,output_1_0,output_1_1",
        "a.csv,0,80.0,40.0,120.0",
        "a.csv,1,169.5,140.0,199.0",
        "b.jsonl,0,101.0,60.0,142.0",
    ]
    assert failures == {
        "c.csv": "column 'name' holds no numbers, which the model takes",
        "d.csv": "there are 3 columns ('age', 'weight', 'size'), and the model takes 2",
    }


def test_a_program_that_takes_so_many_at_once_is_given_as_many(saved, score, pictures):
    rows, _ = score(saved(TORCH, "two.pt2"), pictures, images={"divide_by": 1, "layout": "channels_first"})
    assert rows == ["file,prediction", "10.png,10.0", "20.png,20.0", "40.png,40.0"]


def test_torchscript_is_given_images_with_their_channels_first(saved, score, pictures):
    (pictures / "50.png").write_bytes(b"no image")
    rows, failures = score(saved(TORCH, "brightest.pt"), pictures, images={"divide_by": 10, "mean": [1], "std": [0.5]})
    assert rows == ["file,prediction", "10.png,0.0", "20.png,2.0", "40.png,6.0"]
    assert list(failures) == ["50.png"]


def test_weights_without_their_network_are_no_program(saved):
    with pytest.raises(ValueError, match=r"holds weights.pt, which is no program: weights and pickled modules need"):
        ready_script.check(saved(TORCH, "weights.pt"))


def test_a_keras_model_that_scales_pixels_itself_is_given_them_as_they_are(saved, score, pictures):
    Image.new("L", (6, 4), 4).save(pictures / "a.png")
    rows, failures = score(saved(KERAS, "mean.keras"), pictures)
    assert rows == ["file,prediction", "10.png,5.0", "20.png,10.0", "40.png,20.0"]
    assert failures == {
        "a.png": "the image is 4 x 6 x 1, and the model takes 2 x 3 x 1; settings.images: {height: 2, width: 3} makes "
        "it so"
    }


def test_a_keras_model_takes_columns_by_the_names_of_its_inputs(saved, score, inputs):
    rows, _ = score(saved(KERAS, "people.keras"), inputs)
    assert rows == [
        "file,row,total,both_0,both_1",
        "a.csv,0,80.0,20.0,60.0",
        "a.csv,1,169.5,70.0,99.5",
        "b.jsonl,0,101.0,30.0,71.0",
    ]


@pytest.fixture(scope="module")
def onnx():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")


@pytest.mark.usefixtures("onnx")
def test_an_onnx_model_takes_columns_by_the_names_of_its_inputs(saved, score, inputs):
    (inputs / "c.csv").write_text("age,size\n20,60\n")
    rows, failures = score(saved(ONNX, "people.onnx"), inputs)
    assert rows == ["file,row,total,minus", "a.csv,0,80.0,-20.0", "a.csv,1,169.5,-70.0", "b.jsonl,0,101.0,-30.0"]
    assert failures == {"c.csv": "column 'weight', which the model takes, is missing; there are 'age', 'size'"}
    rows, _ = score(saved(ONNX, "pairs.onnx"), inputs / "b.jsonl")
    assert rows == ["file,row,prediction_0,prediction_1", "b.jsonl,0,-30.0,-71.0"]


@pytest.mark.usefixtures("onnx")
def test_an_onnx_model_says_by_its_input_what_images_it_takes(saved, score, pictures):
    rows, _ = score(saved(ONNX, "mean.onnx"), pictures, images={"divide_by": 10})
    assert rows == ["file,prediction", "10.png,1.0", "20.png,2.0", "40.png,4.0"]
    rows, _ = score(saved(ONNX, "bytes.onnx"), pictures / "20.png")
    assert rows[1] == "20.png,20,20,20,20,20,20"


@pytest.mark.usefixtures("onnx")
def test_how_pixels_are_scaled_is_never_guessed(saved, score, pictures):
    with pytest.raises(InitFailedError, match=r"does not say how pixels are scaled; write settings.images: {divide_by"):
        score(saved(ONNX, "mean.onnx"), pictures)


def test_a_script_of_ones_own_may_load_what_predicts(score, inputs, pictures, tmp_path):
    (tmp_path / "threshold.txt").write_text("65")
    (tmp_path / "own.py").write_text(
        """
import pandas
class Heavy:
    def __init__(self, limit): self.limit = limit
    def predict(self, batch):
        if isinstance(batch, pandas.DataFrame): return batch["weight"] > self.limit
        return [str(batch.shape)] * len(batch)
def load(path):
    return Heavy(int(open(path).read()))
"""
    )
    rows, _ = score(tmp_path / "threshold.txt", inputs, tmp_path / "own.py")
    assert rows == ["file,row,weight", "a.csv,0,False", "a.csv,1,True", "b.jsonl,0,True"]
    rows, _ = score(tmp_path / "threshold.txt", pictures, tmp_path / "own.py")
    assert rows[1:] == [f'{name}.png,"(3, 2, 3, 3)"' for name in (10, 20, 40)]


def test_what_a_script_loads_must_predict(score, inputs, tmp_path):
    (tmp_path / "own.py").write_text("def load(path): return 1\n")
    with pytest.raises(InitFailedError, match=r"load\(\) returned a int, which has no predict\(batch\)"):
        score(tmp_path / "own.py", inputs, tmp_path / "own.py")
