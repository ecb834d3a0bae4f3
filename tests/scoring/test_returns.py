"""What run() may return, and how it becomes rows (azure-semantics 2.2 and 2.3)."""

import csv
import datetime
import io
import json
import operator
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from scoring.program import WrongReturnError, elements, encode, joined, named_files, pieces_of, unique

FRAME = pd.DataFrame({"a": [1, 2]})


def generated():
    yield "a"
    yield "b"


@pytest.mark.parametrize(
    ("returned", "text", "columns"),
    [
        (["a", "b"], "a\nb\n", ["prediction"]),
        (("a", 1), "a\n1\n", ["prediction"]),
        (generated(), "a\nb\n", ["prediction"]),
        (map(str.upper, "ab"), "A\nB\n", ["prediction"]),
        (range(2), "0\n1\n", ["prediction"]),
        ([1.5, float("nan"), None, True, float("inf")], '1.5\n""\n""\nTrue\ninf\n', ["prediction"]),
        (["a,b", 'say "x"', "2\nlines", "\rx", ""], '"a,b"\n"say ""x"""\n"2\nlines"\n"\rx"\n""\n', ["prediction"]),
        ([["f.png", 7, None], ["g.png", 8, 0.5]], "f.png,7,\ng.png,8,0.5\n", ["0", "1", "2"]),
        ([("a",), ("b", "c")], "a,\nb,c\n", ["0", "1"]),
        ([{"a": 1}, {"b": 2, "a": None}, {}], "1,\n,2\n,\n", ["a", "b"]),
        ([{1: "x", "1": "y"}], "x,y\n", ["1", "1.1"]),
        ([["a", [1, 2.5]], ["b", {"k": None}]], 'a,"[1, 2.5]"\nb,"{""k"": null}"\n', ["0", "1"]),
        (np.array([1, 2]), "1\n2\n", ["prediction"]),
        (np.array([0.1, 0.25], dtype=np.float32), "0.1\n0.25\n", ["prediction"]),
        (np.array([[1, 2], [3, 4]]), "1,2\n3,4\n", ["0", "1"]),
        (np.zeros((1, 2, 2)), '"[0.0, 0.0]","[0.0, 0.0]"\n', ["0", "1"]),
        ([np.float32(0.1), np.int64(3), np.bool_(True), np.str_("x")], "0.1\n3\nTrue\nx\n", ["prediction"]),
        (pd.Series([0.1, 0.2], name="score", dtype="float32"), "0.1\n0.2\n", ["score"]),
        (pd.Series(["x", None]), 'x\n""\n', ["prediction"]),
        ([pd.Series({"a": 1, "b": 2})], "1,2\n", ["a", "b"]),
        ([pd.NA, pd.NaT, pd.Timestamp("2026-01-02 03:04")], '""\n""\n2026-01-02 03:04:00\n', ["prediction"]),
        (pd.DataFrame({"a": ["x y", None], 5: [0.5, float("nan")]}), "x y,0.5\n,\n", ["a", "5"]),
        (pd.DataFrame({"a": ["one\rfield", "b"], "n": [1, 2]}), '"one\rfield",1\nb,2\n', ["a", "n"]),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "1,2\n", ["a", "a.1"]),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])), "1,2\n", ["a_x", "a_y"]),
        ([], "", []),
        (pd.DataFrame({"a": []}), "", ["a"]),
    ],
)  # fmt: skip
def test_rows_become_csv_with_their_columns(returned, text, columns):
    written, rows, named = encode(returned, "csv")
    assert (written, named) == (text, columns)
    assert rows == len(list(csv.reader(io.StringIO(text, newline=""))))


@pytest.mark.parametrize(
    ("returned", "records"),
    [
        (["a", None, float("nan"), 1, True], [{"prediction": value} for value in ("a", None, None, 1, True)]),
        ([float("inf"), float("-inf")], [{"prediction": None}] * 2),
        ([{"a": {"b": (1, 2)}}, {"c": "é\n"}], [{"a": {"b": [1, 2]}}, {"c": "é\n"}]),
        ([["x", np.float32(0.1)]], [{"0": "x", "1": 0.1}]),
        (np.array([[0.5, np.nan]]), [{"0": 0.5, "1": None}]),
        ([{"when": datetime.date(2026, 1, 2), "set": {3}}], [{"when": "2026-01-02", "set": [3]}]),
        (pd.DataFrame({"a": np.array([0.1], "float32"), "b": [pd.NA]}), [{"a": 0.1, "b": None}]),
        (pd.DataFrame(index=[1, 2]), [{}, {}]),
    ],
)  # fmt: skip
def test_rows_become_json_lines_with_the_same_values(returned, records):
    text, rows, _ = encode(returned, "jsonl")
    assert [json.loads(line) for line in text.splitlines()] == records
    assert rows == len(records)


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (pd.DataFrame({"f": ["a b.png", "c"], "n": [3.0, None], "p": [0.5, 0.25]}), '"a b.png" 3.0 0.5\nc  0.25\n'),
        (pd.DataFrame({"f": ['q"q', "x,y"], "d": [1, 2]}, index=[7, 8]), '"q""q" 1\nx,y 2\n'),
        (["plain text, unquoted", 'q"q'], 'plain text, unquoted\nq"q\n'),
        ([{"a": 1, "b": "q r"}, ["f.csv", 0], None, 1.5], "{'a': 1, 'b': 'q r'}\n['f.csv', 0]\nNone\n1.5\n"),
        ([np.array([1, 2]), ("a", "b")], "[1 2]\n('a', 'b')\n"),
        (["two\nlines"], "two\nlines\n"),
    ],
)  # fmt: skip
def test_azures_layout_is_matched_byte_for_byte(returned, text):
    assert encode(returned, "azureml")[0] == text


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (
            None,
            r"run\(\) returned None \(is a return statement missing\?\); it should return a list with one element per",
        ),
        ("text", "a value of type str; it should return a list"),
        (b"bytes", "a value of type bytes"),
        ({"a": 1}, "a value of type dict"),
        ({"a", "b"}, "a value of type set, which has no order"),
        (5, "a value of type int"),
        (True, "a value of type bool"),
        (0.5, "a value of type float"),
        (np.float64(1), "a value of type float64"),
        (np.array(1), "a value of type ndarray"),
        (object(), "a value of type object"),
    ],
)
def test_what_holds_no_rows_is_refused_with_what_would_be_right(returned, said):
    with pytest.raises(WrongReturnError, match=said):
        elements(returned)


def test_an_error_inside_a_lazy_return_is_the_scripts_own():
    with pytest.raises(TypeError, match="bad operand") as caught:
        elements(map(operator.neg, ["a"]))
    assert not isinstance(caught.value, WrongReturnError)


@dataclass
class Tensor:
    """Looks like a tensor that does gradients: numpy() works on what cpu() gives."""

    values: np.ndarray
    is_free: bool = False

    def detach(self):
        return Tensor(self.values, is_free=True)

    def cpu(self):
        return self

    @property
    def shape(self):
        return self.values.shape

    def numpy(self):
        assert self.is_free
        return self.values


def test_tensors_become_the_numbers_in_them():
    assert encode(Tensor(np.array([[1, 2], [3, 4]])), "csv")[0] == "1,2\n3,4\n"
    assert encode([Tensor(np.array(0.1, "float32")), Tensor(np.array(7))], "csv")[0] == "0.1\n7\n"
    assert encode([{"p": Tensor(np.array([0.5, 1]))}], "jsonl")[0] == '{"p": [0.5, 1.0]}\n'
    with pytest.raises(WrongReturnError, match="a value of type"):
        elements(Tensor(np.array(5)))


@pytest.mark.parametrize(
    ("returned", "positions"),
    [
        ([{"file": "a.png", "p": 1}], [0]),
        ([["/in/sub/b.png", 1], ["c.png", 2]], [1, 2]),
        (["c.png"], [2]),
        (pd.DataFrame({"p": [1], "file": ["b.png"]}), [1]),
        ([], []),
        ([0.5], None),
        (["a.png", "a.png"], None),
        (["a.png b.png"], None),
        ([["a.png", "b.png"]], None),
    ],
)
def test_rows_name_their_files_only_if_each_names_exactly_one(returned, positions):
    assert named_files(returned, ["/in/a.png", "/in/sub/b.png", "/in/c.png"]) == positions


def test_a_base_name_that_two_files_share_names_neither():
    assert named_files([["a.png", 1]], ["/in/x/a.png", "/in/y/a.png"]) is None


def test_names_that_repeat_are_told_apart():
    assert unique(["a", "b", "a", "a", "a.1", 1, "1"]) == ["a", "b", "a.1", "a.2", "a.1.1", "1", "1.1"]


def test_frames_that_run_yields_are_one_table():
    pieces = list(pieces_of(frame for frame in (FRAME, FRAME)))
    assert all(piece is FRAME for piece in pieces)
    assert len(pieces) == 2


def test_rows_that_run_yields_are_a_list_of_them():
    assert list(pieces_of(row for row in (None, "a"))) == [[None, "a"]]
    assert list(pieces_of(row for row in ())) == [[]]


@pytest.mark.parametrize(
    ("named", "more", "both"),
    [([], [0], [0]), ([0], [2, 1], [0, 2, 1]), ([0], [0], None), (None, [1], None), ([1], None, None)],
)
def test_files_that_yielded_frames_speak_of_are_told_of_all_of_them_or_not_at_all(named, more, both):
    assert joined(named, more) == both


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("a", "run() yielded a frame, and then a value of type str"),
        (pd.DataFrame({"b": [1]}), "run() yielded frames of different columns: ['a'], then ['b']"),
    ],
)
def test_what_run_yields_after_a_frame_is_frames_of_the_same_columns(second, said):
    with pytest.raises(WrongReturnError, match=re.escape(said)):
        list(pieces_of(piece for piece in (FRAME, second)))
