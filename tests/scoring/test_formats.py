"""The merged file in each format, through whole jobs."""

import csv
import io
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

VALUES = [
    {"name": "x,y", "n": 1, "f": 0.5, "flag": True, "mixed": 1, "big": 2**70, "nothing": None, "inner": {"a": [1]}},
    {"name": "", "n": None, "f": 2, "flag": None, "mixed": "one", "big": 1, "nothing": None, "inner": [2]},
    {"name": "line\nbreak\r", "n": 2, "f": float("nan"), "flag": False, "mixed": False, "late": 3},
]


@pytest.fixture
def values(score_with, tmp_path):
    script = tmp_path / "values.py"
    script.write_text(
        f"from pathlib import Path\nnan = float('nan')\nVALUES = {VALUES!r}\n"
        "def run(mini_batch):\n    return [VALUES[int(Path(path).name)] for path in mini_batch]\n"
    )

    def values(**how):
        return score_with(script, 3, **how)

    return values


def test_csv_has_the_union_of_columns_in_order_of_first_appearance(values):
    rows = list(csv.reader(io.StringIO(values().rows, newline="")))
    assert rows[0] == ["name", "n", "f", "flag", "mixed", "big", "nothing", "inner", "late"]
    assert rows[1] == ["x,y", "1", "0.5", "True", "1", str(2**70), "", '{"a": [1]}', ""]
    assert rows[2] == ["", "", "2", "", "one", "1", "", "[2]", ""]
    assert rows[3] == ["line\nbreak\r", "2", "", "False", "False", "", "", "", "3"]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_how_mini_batches_are_cut_does_not_change_the_columns(values, size, tmp_path):
    assert values(size=size, output=tmp_path / "a").rows == values(size=3, output=tmp_path / "b").rows


def test_json_lines_keep_types_and_null_for_what_is_missing(values):
    rows = [json.loads(line) for line in values(output_file_name="rows.jsonl").rows.splitlines()]
    assert rows == [VALUES[0], VALUES[1], {**VALUES[2], "f": None}]


def test_parquet_has_types_and_nulls_and_text_where_kinds_mix(values):
    outcome = values(output_file_name="rows.parquet")
    table = pq.read_table(outcome.folder / "rows.parquet")
    types = dict(zip(table.schema.names, map(str, table.schema.types), strict=True))
    assert types == {
        "name": "string",
        "n": "int64",
        "f": "double",
        "flag": "bool",
        "mixed": "string",
        "big": "string",
        "nothing": "string",
        "inner": "string",
        "late": "int64",
    }
    assert table["n"].to_pylist() == [1, None, 2]
    assert table["f"].to_pylist() == [0.5, 2.0, None]
    assert table["mixed"].to_pylist() == ["1", "one", "false"]
    assert table["big"].to_pylist() == [str(2**70), "1", None]
    assert table["inner"].to_pylist() == ['{"a": [1]}', "[2]", None]
    assert table["late"].to_pylist() == [None, None, 3]


def test_parquet_of_rows_without_columns_is_a_file_that_can_be_read(score_with, tmp_path):
    script = tmp_path / "empty.py"
    script.write_text("def run(mini_batch):\n    return [{} for _ in mini_batch]\n")
    outcome = score_with(script, 2, output_file_name="rows.parquet")
    assert pq.read_table(outcome.folder / "rows.parquet").num_columns == 0


def test_azures_layout_has_no_header_and_the_rows_in_input_order(score_with):
    outcome = score_with("returns_too_many_rows.py", 2, output_format="azureml")
    assert outcome.rows == "".join(f"{name} {number}\n" for name in ("000", "001") for number in range(3))
    assert outcome.counts == (2, 0, 0, 0)


def test_columns_that_change_from_mini_batch_to_mini_batch_are_merged_without_losing_a_field(score_with):
    names = [f"{number}-x" for number in range(6)]
    rows = list(csv.DictReader(io.StringIO(score_with("returns_other_columns_each_time.py", names).rows, newline="")))
    assert [row["file"] for row in rows] == ["0-x", "1-x", "", "3-x", "4-x", ""]
    assert [row["b"] for row in rows] == ["", 'x,"y"\r\nz', "", "", 'x,"y"\r\nz', ""]
    assert [row["0"] for row in rows] == ["", "", "2", "", "", "5"]


def test_a_field_longer_than_csvs_own_limit_survives_a_merge_of_columns(score_with, tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        "def run(mini_batch):\n"
        "    return [{'text': 'x' * 300_000}] if mini_batch[0].endswith('0') else [{'other': 1}]\n"
    )
    rows = score_with(script, 2).rows.splitlines()
    assert [len(row) for row in rows] == [len("text,other"), 300_001, 2]


def test_frames_are_written_without_index_and_with_one_header(score_with, tmp_path):
    script = tmp_path / "frames.py"
    script.write_text(
        "import pandas as pd\n"
        "def run(mini_batch):\n"
        "    names = [path[-3:] for path in mini_batch]\n"
        "    return pd.DataFrame({'file': names, 'p': [0.1] * len(names)}, index=mini_batch)\n"
    )
    outcome = score_with(script, 5, size=2)
    assert outcome.rows == "file,p\n" + "".join(f"{number:03d},0.1\n" for number in range(5))
    assert pd.read_csv(io.StringIO(outcome.rows))["p"].sum() == pytest.approx(0.5)


def test_a_short_return_is_counted_once_and_its_files_are_named_where_rows_name_theirs(score_with):
    outcome = score_with("returns_named_rows_for_good_files.py", ["1", "2-bad", "3", "4-bad"], size=4, max_retries=3)
    assert outcome.counts == (2, 2, 0, 0)
    assert outcome.summary.tries == 1
    assert [failure["path"] for failure in outcome.failures] == ["2-bad", "4-bad"]
    assert outcome.failures[0]["message"] == "run() returned 2 rows for 4 files, none of them for this one"


def test_a_short_return_that_names_no_file_is_counted_and_says_that_it_is_a_count(score_with):
    outcome = score_with("returns_too_few_rows.py", 10, size=5)
    assert outcome.counts == (8, 2, 0, 0)
    assert [failure["path"] for failure in outcome.failures] == ["004", "009"]
    assert "run() returned 4 rows for 5 files; no row names its file" in outcome.failures[0]["message"]
    assert outcome.summary.state == "CompletedWithErrors"


def test_more_rows_than_files_are_all_kept(score_with):
    outcome = score_with("returns_too_many_rows.py", 4, size=2)
    assert (outcome.summary.rows, outcome.counts) == (12, (4, 0, 0, 0))


def test_an_empty_list_scores_no_file(score_with):
    outcome = score_with("returns_an_empty_list.py", 4, size=2)
    assert outcome.counts == (0, 4, 0, 0)
    assert outcome.summary.state == "Failed"
    assert outcome.summary.message.startswith("all 4 files failed: 4 × short_return: run() returned 0 rows for 2 files")


def test_a_forgotten_return_is_told_in_a_sentence(score_with):
    outcome = score_with("returns_nothing.py", 1)
    assert outcome.failures[0]["message"].startswith("run() returned None (is a return statement missing?); it should")
