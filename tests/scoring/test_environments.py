"""Environments are built once for what they hold, whole or not at all, and kept while somebody needs them."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from scoring.environments import built, pythons
from scoring.environments.errors import BuildFailedError, InstallerMissingError, PythonMissingError
from scoring.environments.recipe import Recipe
from scoring.environments.use import Use
from scoring.home import home_path
from tests.conda import stand_in
from tests.scoring.conftest import MARK, processes_with, wait_for
from tests.wheels import make_wheel

BUILD = """\
import sys
from scoring.environments.recipe import Recipe
from scoring.environments.use import Use
print(Use.open(Recipe(conda=("scipy=1.11",)), "environment sums 1").python)
"""
SUMS = Recipe(conda=("scipy=1.11",))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that the tests of this module share, since a build takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("BATCHPOINT_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "2.0"):
        make_wheel(folder, "greeting", version)
    return folder


@pytest.fixture(scope="module")
def greeting(home, wheels):
    """Recipes of environments with one version of a package."""

    def recipe(version, python=""):
        return Recipe(python=python, pip=("--no-index", f"--find-links {wheels}", f"greeting=={version}"))

    return recipe


@pytest.fixture
def conda(tmp_path, monkeypatch):
    """A stand-in for micromamba; the file that has a line for each call of it."""
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path / "home"))
    return stand_in(tmp_path, monkeypatch)


def other_python():
    """The version of the oldest interpreter on this machine that is not the one of the tests."""
    own = ".".join(pythons.own().version.split(".")[:2])
    for minor in range(8, 14):
        if f"3.{minor}" != own:
            try:
                return pythons.find(f"==3.{minor}.*").version
            except PythonMissingError:
                continue
    return pytest.skip("there is one Python only on this machine")


def start_builder(mark=""):
    environment = {**os.environ, MARK: mark, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", BUILD], env=environment, stdout=subprocess.PIPE, text=True)


def left_below(home):
    return sorted(path.name for path in (home / "environments").iterdir() if path.suffix != ".lock")


@pytest.mark.slow
def test_two_environments_hold_two_versions_of_a_package_side_by_side(greeting, score_with, tmp_path):
    older = other_python()
    said = []
    with Use.open(greeting("1.0"), "one", said.append) as one, Use.open(greeting("2.0", f"=={older}"), "two") as two:
        first = score_with("tells_its_greeting.py", 1, python=one.python, output=tmp_path / "one")
        second = score_with("tells_its_greeting.py", 1, python=two.python, output=tmp_path / "two")
    assert first.rows.splitlines()[1] == f"greeting 1.0 on Python {pythons.own().version}"
    assert second.rows.splitlines()[1] == f"greeting 2.0 on Python {older}"
    assert said[0].startswith(f"building one in {home_path()}/environments/")
    assert said[-1].startswith("built one in ")


@pytest.mark.slow
def test_what_is_built_is_found_again_and_nothing_is_said(greeting):
    Use.open(greeting("1.0"), "one").close()
    said = []
    with Use.open(greeting("1.0"), "one", said.append) as use:
        assert use.built is not None
        assert use.python == f"{use.built.path}/environment/bin/python"
        assert use.built.bytes > 1 << 20
    assert said == []


@pytest.mark.slow
def test_what_an_environment_does_not_list_is_not_in_it(greeting):
    with Use.open(greeting("1.0"), "one") as use:
        found = subprocess.run([use.python, "-c", "import prefect"], env={}, capture_output=True, text=True)
    assert "No module named 'prefect'" in found.stderr


@pytest.mark.slow
def test_a_version_that_is_not_to_be_had_fails_with_the_installers_last_lines_and_leaves_nothing(greeting):
    recipe = greeting("9.9")
    with pytest.raises(BuildFailedError) as failed:
        Use.open(recipe, "environment hello 3")
    lines = str(failed.value).splitlines()
    assert lines[0] == "environment hello 3 cannot be built: pip ended with exit code 1; it said at the end:"
    assert lines[-1] == "    ERROR: No matching distribution found for greeting==9.9"
    assert not (built.shelf() / recipe.digest()).exists()


@pytest.mark.slow
def test_without_an_index_the_refusal_says_so(home, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(BuildFailedError, match="no package index could be reached; check the network, or name an"):
        Use.open(Recipe(pip=("greeting==1.0",)), "environment hello 4")


def test_an_interpreter_that_is_there_is_used_as_it_is(home):
    own = sys.executable
    with Use.open(Recipe(), "plain") as plain, Use.open(Recipe(python=own), "by path") as by_path:
        assert (plain.python, by_path.python) == (own, own)
        assert plain.built is None
    older = other_python()
    with Use.open(Recipe(python=f"=={older}"), "by version") as by_version:
        told = subprocess.run([by_version.python, "--version"], capture_output=True, text=True).stdout
    assert told == f"Python {older}\n"


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("==3.99.*", "Python 3.99 is not on this machine; there is "),
        ("/nowhere/python", "/nowhere/python is no interpreter that can be started on this machine"),
        (str(Path(__file__)), "test_environments.py is no interpreter that can be started"),
    ],
)
def test_a_python_that_is_not_there_is_refused_with_what_there_is(python, said):
    with pytest.raises(PythonMissingError, match=said):
        Use.open(Recipe(python=python), "hello")


def test_eight_who_ask_at_once_have_one_build_it(conda, monkeypatch):
    monkeypatch.setenv("SECONDS_TAKEN", "0.5")
    builders = [start_builder() for _ in range(8)]
    told = {builder.communicate(timeout=60)[0] for builder in builders}
    assert [builder.returncode for builder in builders] == [0] * 8
    assert len(conda.read_text().splitlines()) == 1
    assert len(told) == 1


def test_a_build_that_is_killed_leaves_no_process_and_is_built_anew(conda, monkeypatch):
    mark = uuid.uuid4().hex
    monkeypatch.setenv("SECONDS_TAKEN", "100")
    builder = start_builder(mark)
    assert wait_for(conda.exists, 20)
    (digest,) = left_below(home_path())
    os.kill(builder.pid, signal.SIGKILL)
    builder.communicate()
    assert wait_for(lambda: processes_with(mark) == [], 2)
    assert built.read(digest) is None
    (built.shelf() / digest / "environment/leftover").write_text("half of it")
    monkeypatch.setenv("SECONDS_TAKEN", "0")
    with Use.open(SUMS, "environment sums 1") as use:
        assert use.built.digest == digest
    assert not (built.shelf() / digest / "environment/leftover").exists()


def test_what_conda_alone_can_install_is_named_where_there_is_no_conda(monkeypatch, tmp_path):
    monkeypatch.setenv("BATCHPOINT_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(InstallerMissingError, match=r"scipy=1\.11 can only be installed by conda, and none of"):
        Use.open(SUMS, "environment sums 1")
    assert left_below(tmp_path) == []


def test_an_environment_in_use_is_not_removed_and_goes_when_nobody_needs_it(conda):
    with Use.open(SUMS, "environment sums 1") as use:
        assert not built.remove(use.built.digest)
        assert [each.digest for each in built.read_all()] == [use.built.digest]
    assert built.remove(use.built.digest)
    assert left_below(home_path()) == []


def test_another_content_another_python_is_another_environment():
    same = [Recipe(pip=("numpy",)), Recipe(pip=("numpy",), variables={"A": "b"})]
    others = [Recipe(pip=("numpy", "pandas")), Recipe(pip=("numpy",), python=f"=={other_python()}")]
    digests = [each.digest() for each in (*same, *others)]
    assert len(set(digests)) == 3
    assert digests[0] == digests[1]
