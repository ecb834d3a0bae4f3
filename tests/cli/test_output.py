"""Results are shown as --output and --query say, and help speaks the words of the declarations."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from click.shell_completion import ShellComplete

from blocks.errors import NotRegistered
from deployments.cli.errors import causes
from deployments.cli.main import COMMANDS, batchpoint
from deployments.cli.output import RENDERERS, plain, show
from deployments.declarations.schema import KINDS
from deployments.service.errors import ServiceError
from deployments.service.job_records import Counted, as_sent
from deployments.service.registration import Order


@pytest.fixture
def two(done):
    done("compute", "create", "-n", "one", "--max-instances", 2, "--set", "tags.a=b")
    done("compute", "create", "-n", "two", "--set", "description=Zwölf")


@pytest.mark.parametrize(
    ("options", "printed"),
    [
        (("--query", "[0].name", "-o", "tsv"), "one\n"),
        (("--query", "[].name", "-o", "tsv"), "one\ntwo\n"),
        (("--query", "[].{n:name, m:max_instances, t:tags}", "-o", "tsv"), 'one\t2\t{"a": "b"}\ntwo\t1\t{}\n'),
        (("--query", "[].[name, type]", "-o", "tsv"), "one\tlocal\ntwo\tlocal\n"),
        (("--query", "[9].name", "-o", "tsv"), ""),
        (("--query", "[9].name"), "null\n"),
        (("--query", "[1].description"), '"Zwölf"\n'),
        (("--query", "[0].name", "-o", "yaml"), "one\n"),
        (("--query", "[0].{name:name, tags:tags}", "-o", "yaml"), "name: one\ntags:\n  a: b\n"),
        (("--query", "[0].{name:name}", "-o", "jsonc"), '{\n  "name": "one"\n}\n'),
        (("--query", "[].{Name:name, Tags:tags}", "-o", "table"), "Name\n------\none\ntwo\n"),
        (("--query", "[].name", "-o", "table"), "one\ntwo\n"),
        (("-o", "none"), ""),
    ],
)
def test_a_result_is_printed_as_asked(run, two, options, printed):
    result = run("compute", "list", *options)
    assert (result.exit_code, result.stdout) == (0, printed)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (None, ""), (3, "3"), (2.5, "2.5"), ("a\tb", "a\tb"), ([], ""), ({}, "")]
)
def test_tsv_prints_scalars_bare(value, text):
    assert RENDERERS["tsv"](value) == text


def test_an_empty_list_is_an_empty_table(run):
    assert run("compute", "list", "-o", "table").stdout == ""


@pytest.fixture
def listed():
    """Two jobs, one of which has ended."""
    queued, sent = (as_sent(Order("mnist-batch", {"deployment": "mnist-torch-dpl"})) for _ in range(2))
    began = datetime(2026, 1, 1, tzinfo=UTC)
    told = {"status": "Completed", "start_time": began, "end_time": began + timedelta(seconds=3725)}
    counts = Counted(files=10_000, done=10_000, failed=31)
    return [queued, sent.model_copy(update=told | {"progress": counts, "state_message": "9969 of 10000 scored " * 9})]


def test_a_table_of_jobs_has_room_on_a_terminal_of_80_columns(listed, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show(listed, "table", None)
    head, line, queued, completed = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "status", "endpoint", "deployment", "files", "failed", "duration"]
    assert queued.split() == [str(listed[0].id)[:8], "Queued", "mnist-batch", "mnist-torch-dpl"]
    assert completed.split()[1:] == [
        "Completed",
        "mnist-batch",
        "mnist-torch-dpl",
        "10,000",
        "31",
        "1",
        "h",
        "2",
        "min",
    ]
    assert max(map(len, (head, line, queued, completed))) <= 80


def test_a_table_of_jobs_is_not_wider_than_120_columns_and_says_what_became_of_each(listed, capsys):
    show(listed, "table", None)
    head, line, _, told = capsys.readouterr().out.splitlines()
    assert head.split()[-3:] == ["duration", "sent", "message"]
    assert told.endswith("…")
    assert "  9969 of 10000 scored" in told
    assert max(map(len, (head, line, told))) == 120


def test_plain_data_is_printed_as_it_is():
    assert plain({"a": ({"b": None},)}) == {"a": [{"b": None}]}


def raised(error, cause, hidden=False):
    """An error as it is after `raise error from cause`, or from None while handling the cause."""
    error.__context__, error.__cause__, error.__suppress_context__ = cause, None if hidden else cause, True
    return error


def test_causes_are_told_once_and_the_root_first():
    root = FileNotFoundError(2, "No such file or directory", "/x")
    middle = raised(ValueError("/x: No such file or directory, so there"), root)
    assert causes(raised(RuntimeError("all in vain"), middle)) == [
        "ValueError: /x: No such file or directory, so there",
        "RuntimeError: all in vain",
    ]


def test_a_cause_that_was_hidden_stays_hidden():
    assert causes(raised(ValueError("outer"), KeyError("inner"), hidden=True)) == ["ValueError: outer"]


def test_a_sentence_of_ours_stands_for_the_error_of_another_library_below_it():
    below = raised(NotRegistered("compute", ("gpu",)), KeyError("gpu"))
    assert causes(raised(ServiceError("the job is refused"), below)) == [str(below), "the job is refused"]


@pytest.mark.parametrize("noun", [noun for noun in KINDS if noun not in {"schedule", "invocation"}])
def test_help_of_an_option_is_the_description_of_its_field(run, noun):
    result = run(noun, "create", "--help")
    said = " ".join(result.stdout.split())
    field = KINDS[noun].model_fields["name"]
    assert field.description in said


def test_every_command_at_the_root_exists(run):
    listed = batchpoint.list_commands(None)
    assert set(listed) == set(COMMANDS)
    assert all(batchpoint.get_command(None, name) for name in listed)


def test_help_schemas_and_refusals_need_neither_prefect_nor_dask():
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from deployments.cli.main import batchpoint\n"
        "for args in (['--help'], ['compute', 'create', '--help'], ['data', '--help'], ['schema', 'data']):\n"
        "    assert CliRunner().invoke(batchpoint, args).exit_code == 0\n"
        "bad = ['model', 'create', '--name', 'm', '--set', 'colour=red']\n"
        "assert CliRunner().invoke(batchpoint, bad).exit_code == 1\n"
        "print([name for name in ('prefect', 'dask', 'distributed', 'torch') if name in sys.modules])\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("batch-", ["batch-deployment", "batch-endpoint"]),
        ("model create --ta", ["--tags"]),
        ("batch-endpoint list", ["list", "list-jobs"]),
        ("schema sch", ["schedule"]),
        ("environment list -o t", ["table", "tsv"]),
    ],
)
def test_the_shell_completes_commands_options_and_values(typed, offered):
    *words, begun = typed.split()
    completed = ShellComplete(batchpoint, {}, "batchpoint", "_BATCHPOINT_COMPLETE").get_completions(words, begun)
    assert [each.value for each in completed] == offered


def test_yaml_has_the_order_of_json_and_long_paths_on_one_line():
    path = "/long" * 60
    assert RENDERERS["yaml"]({"name": "b", "a": {"path": path}}) == f"name: b\na:\n  path: {path}"
