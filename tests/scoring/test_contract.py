"""What a scoring script may count on (azure-semantics 2.1 to 2.5)."""

import json
import logging
import platform
import sys
from types import SimpleNamespace

import pytest

from scoring import program
from scoring.literals import OF_CONTEXT
from scoring.relay import LINES_RELAYED
from tests.scoring.conftest import write_files

OURS = ["BATCHPOINT_IMAGES", "BATCHPOINT_LAYOUT", "BATCHPOINT_ROWS_PER_CHUNK"]


@pytest.fixture
def told(score_with):
    def told(**how):
        outcome = score_with("tells_where_it_runs.py", output_file_name="told.jsonl", **how)
        return [json.loads(line) for line in outcome.rows.splitlines()]

    return told


def test_the_script_finds_its_surroundings_as_in_azure(told, monkeypatch):
    monkeypatch.setenv("PREFECT_API_KEY", "secret")
    monkeypatch.setenv("COLOUR", "of the flow")
    rows = told(files=6, size=2, slots=2, variables={"COLOUR": "of the deployment"}, logging_level="WARNING", threads=3)
    assert len({row["cwd"] for row in rows}) == 2
    for row in rows:
        assert row["cwd_holds"] == []
        assert row["argv"][1:] == ["--logging_level", "WARNING"]
        assert row["argv"][0].endswith("tells_where_it_runs.py")
        assert row["threads"] == "3"
        assert row["prefect"] == OURS  # and nothing of the flow's
        assert row["colour"] == "of the deployment"
        assert row["stdin"] == ""
        assert row["alone"] == 1
        assert row["kinds"] == ["list", "str"]
        assert row["absolute"] is True
        assert row["model"] is None


def test_the_script_inherits_no_descriptor_but_its_messages(told):
    [row] = told(files=1)
    assert len(row["open"]) <= 3 + 3 + 1  # standard ones; requests, replies, stacks; the one that lists them


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_models_folder_has_exactly_one_child(told, tmp_path, kind):
    write_files(tmp_path, ["model.pkl"] if kind == "file" else ["model/weights.pt", "model/.hidden", "model/vocab"])
    [row] = told(files=1, model=tmp_path / ("model.pkl" if kind == "file" else "model"))
    assert row["model"] == ["model.pkl" if kind == "file" else "model"]


def test_a_model_that_is_not_there_is_named(told, tmp_path):
    with pytest.raises(Exception, match="nowhere is not there; give the path of a file or folder"):
        told(model=tmp_path / "nowhere")


def test_a_run_that_takes_two_arguments_is_given_the_mini_batchs_context(score_with):
    rows = score_with("takes_a_context.py", ["a", "b", "c/d", "e"], size=2).rows
    assert rows.splitlines() == ["0,1,2", "0,,a", "0,,b", "1,,c/d", "1,,e"]


def test_literal_inputs_are_environment_variables_and_attributes_of_the_context(score_with):
    literals = {"text": "a b", "whole": 5, "number": 0.5, "truth": True, "COLOUR": "of the job"}
    outcome = score_with(
        "tells_its_literals.py",
        1,
        literals=literals,
        variables={"COLOUR": "of the deployment"},
        output_file_name="told.jsonl",
    )
    assert json.loads(outcome.rows) == {
        **{name: value for name, value in literals.items() if name != "COLOUR"},
        "text_variable": "a b",
        "whole_variable": "5",
        "number_variable": "0.5",
        "truth_variable": "true",
        "colour": "of the job",
    }


def test_siblings_packages_and_names_that_are_ours_or_pythons_can_be_imported(score_with, tmp_path):
    write_files(tmp_path / "code", ["x"])
    ours = ["settings", "errors", "facts", "process", "program", "score", "guardian", "scoring", "parts", "rows"]
    for name in ours:
        (tmp_path / f"code/{name}.py").write_text(f"NAME = 'own {name}'\n")
    (tmp_path / "code/package").mkdir()
    (tmp_path / "code/package/__init__.py").write_text("from package.inner import VALUE\n")
    (tmp_path / "code/package/inner.py").write_text("VALUE = 'packaged'\n")
    (tmp_path / "code/colorsys.py").write_text("NAME = 'not of the standard library'\n")
    script = tmp_path / "code/batch_driver.py"
    imports = "".join(f"import {name}\n" for name in [*ours, "package", "colorsys"])
    values = ", ".join(f"{name}.NAME" for name in [*ours, "colorsys"])
    script.write_text(f"{imports}\ndef run(mini_batch):\n    return [[{values}, package.VALUE]]\n")
    row = score_with(script, 1).rows.splitlines()[1].split(",")
    assert row == [*(f"own {name}" for name in ours), "not of the standard library", "packaged"]


@pytest.mark.parametrize("name", ["program.py", "json.py", "has-a-dash.py", "score.py"])
def test_a_script_may_have_any_name(score_with, tmp_path, name):
    (tmp_path / "code").mkdir()
    script = tmp_path / "code" / name
    script.write_text("def run(mini_batch):\n    return [{'a': 1, 'b': [None, 2]}]\n")
    assert score_with(script, 1, output_file_name="rows.jsonl").rows == '{"a": 1, "b": [null, 2]}\n'


def test_the_module_is_imported_once_and_init_runs_once_in_each_process(score_with, tmp_path):
    script = tmp_path / "counts.py"
    script.write_text(
        "import os\nCOUNT = {'init': 0}\n"
        "def init():\n    COUNT['init'] += 1\n"
        "def run(mini_batch):\n    return [[COUNT['init'], os.getpid()]] * len(mini_batch)\n"
    )
    rows = [row.split(",") for row in score_with(script, 20, slots=2).rows.splitlines()[1:]]
    assert {row[0] for row in rows} == {"1"}
    assert 1 <= len({row[1] for row in rows}) <= 2


def test_shutdown_is_called_once_in_each_process_and_what_it_prints_is_logged(score_with, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    log = tmp_path / "log"
    assert score_with("shuts_down.py", 8, slots=2, variables={"LOG": str(log)}).counts == (8, 0, 0, 0)
    said = log.read_text().split()
    started = {pid for word, pid in zip(said[::2], said[1::2], strict=True) if word == "init"}
    ended = [pid for word, pid in zip(said[::2], said[1::2], strict=True) if word == "shutdown"]
    assert len(ended) == len(set(ended)) >= 1
    assert set(ended) <= started
    assert "the script is shutting down" in caplog.text


def test_a_shutdown_that_raises_does_not_fail_the_job_but_is_logged(score_with, tmp_path, caplog):
    outcome = score_with("shuts_down.py", 2, variables={"LOG": str(tmp_path / "log"), "SHUTDOWN": "raises"})
    assert outcome.summary.state == "Completed"
    assert "shutdown() of the scoring script failed: OSError: the socket is closed already" in caplog.text


def test_what_is_printed_by_any_road_becomes_log_lines_of_its_mini_batch(score_with, caplog):
    caplog.set_level(logging.INFO)
    score_with("prints_everywhere.py", 2)
    lines = [record.message for record in caplog.records if record.name == "scoring.relay"]
    for mini_batch in range(2):
        told = [line.partition("] ")[2] for line in lines if line.startswith(f"[mini-batch {mini_batch}, slot 0]")]
        assert sorted(told) == sorted(
            [
                "by print",
                "by stderr",
                "by C",
                "by descriptor",
                "by a child",
                "INFO root: by logging",
                "bytes that are no text \N{REPLACEMENT CHARACTER}",
                "by a line without end",
            ]
        )


def test_what_a_script_logs_has_its_level_in_the_jobs_log(score_with, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    script = tmp_path / "logs.py"
    script.write_text(
        "import logging\nlog = logging.getLogger('my.model')\n"
        "def run(mini_batch):\n    log.warning('careful')\n    log.error('wrong')\n    log.info('fine')\n"
        "    print('ERROR of mine')\n    return mini_batch\n"
    )
    score_with(script, 1)
    told = [(each.levelname, each.message) for each in caplog.records if each.name == "scoring.relay"]
    assert told == [
        ("WARNING", "[mini-batch 0, slot 0] WARNING my.model: careful"),
        ("ERROR", "[mini-batch 0, slot 0] ERROR my.model: wrong"),
        ("INFO", "[mini-batch 0, slot 0] INFO my.model: fine"),
        ("INFO", "[mini-batch 0, slot 0] ERROR of mine"),
    ]


def test_a_megabyte_of_print_costs_the_job_a_bounded_number_of_log_lines(score_with, caplog):
    caplog.set_level(logging.INFO)
    score_with("prints_a_megabyte.py", 1)
    lines = [record for record in caplog.records if record.name == "scoring.relay"]
    assert len(lines) == LINES_RELAYED + 1
    assert "Mini-batch 0 prints more than 200 lines; the rest is in" in lines[-1].message


def test_a_script_in_a_subfolder_of_its_code_may_import_relatively(tmp_path):
    from scoring.launch import Launch
    from scoring.process import ScoringProcess

    code = tmp_path / "code"
    (code / "src/deep").mkdir(parents=True)
    (code / "shared.py").write_text("NAME = 'shared'\n")
    (code / "src/deep/beside.py").write_text("NAME = 'beside'\n")
    (code / "src/deep/main.py").write_text(
        "import shared\nfrom . import beside\nimport beside as plain\n"
        "def run(mini_batch):\n    return [[shared.NAME, beside.NAME, plain.NAME, __name__]]\n"
    )
    launch = Launch(python=sys.executable, script=str(code / "src/deep/main.py"), code=str(code), layout="csv")
    process = ScoringProcess(launch, str(tmp_path))
    process.wait_ready()
    process.score(0, ["x"], str(tmp_path / "spool"), 10)
    process.close()
    process.release()
    assert (tmp_path / "spool").read_text() == "shared,beside,beside,src.deep.main\n"


WITH_GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have ways of their own")


@WITH_GLIBC
def test_memory_that_a_script_frees_is_there_for_its_next_mini_batch(score_with):
    _, *others = map(int, score_with("tells_page_faults.py", 8, size=1).rows.split()[1:])
    assert max(others) < 50


@WITH_GLIBC
def test_a_deployment_may_say_that_freed_memory_is_given_back(score_with):
    variables = {"MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_TOP_PAD_": "0"}
    faults = map(int, score_with("tells_page_faults.py", 8, size=1, variables=variables).rows.split()[1:])
    assert min(faults) > 200


def test_no_literal_input_can_hide_what_the_second_argument_of_run_has():
    request = {"index": 0, "files": [], "relative_paths": []}
    context = program.Context(request, SimpleNamespace(literals={}, code="/"))
    assert {*vars(context), *(name for name in dir(type(context)) if not name.startswith("__"))} == OF_CONTEXT
