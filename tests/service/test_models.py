"""Models are copied whole, numbered, and never change."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blocks.errors import NotRegistered
from blocks.specs import Model
from deployments.service import datastores, models, uploads
from deployments.service.errors import ConflictError, UnusableError
from scoring.storage import Folder


def model(project, **changes):
    return Model.model_validate({"name": "digits", "path": str(project / "model")} | changes)


def test_a_models_folder_lies_alone_in_its_versions_folder(store, project, kept, files_below):
    registered = models.create(store, model(project))
    assert registered.version == "1"
    assert registered.path == str(kept / "models" / "digits" / "1")
    assert files_below(kept) == ["models/digits/1/model/weights.pt"]


def test_a_single_file_lies_alone_in_its_versions_folder(store, project, kept, files_below):
    models.create(store, model(project, path=str(project / "model" / "weights.pt")))
    assert files_below(kept) == ["models/digits/1/weights.pt"]


def test_other_content_is_the_next_version(store, project):
    first = models.create(store, model(project))
    (project / "model" / "weights.pt").write_bytes(b"better")
    second = models.create(store, model(project))
    assert (first.version, second.version) == ("1", "2")
    assert first.digest != second.digest


def test_the_same_content_again_registers_nothing(store, project):
    assert models.create(store, model(project)) == models.create(store, model(project))
    assert len(store.list(Model)) == 1


def test_a_description_may_change_while_the_version_stays(store, project):
    models.create(store, model(project, description="old", tags={"a": "1"}))
    changed = models.create(store, model(project, description="new"))
    assert (changed.version, changed.description, changed.tags) == ("1", "new", {"a": "1"})


def test_a_version_is_refused_other_content(store, project, kept):
    models.create(store, model(project, version="7"))
    (project / "model" / "weights.pt").write_bytes(b"better")
    with pytest.raises(ConflictError, match="model 'digits' has a version '7' with other content"):
        models.create(store, model(project, version="7"))
    assert (kept / "models" / "digits" / "7" / "model" / "weights.pt").read_bytes() == b"weights"


def test_numbers_go_on_after_the_highest(store, project):
    models.create(store, model(project, version="7"))
    models.create(store, model(project, version="beta", path=str(project / "code")))
    (project / "model" / "weights.pt").write_bytes(b"better")
    assert models.create(store, model(project)).version == "8"


def test_the_digest_does_not_depend_on_the_order_files_were_made_in(store, tmp_path):
    digests = []
    for folder, order in (("one", "abc"), ("two", "cba")):
        (tmp_path / folder / "model").mkdir(parents=True)
        for name in order:
            (tmp_path / folder / "model" / name).write_text(name)
        digests.append(models.create(store, Model(name=folder, path=str(tmp_path / folder / "model"))).digest)
    assert digests[0] == digests[1]


def test_two_files_that_swap_content_are_another_model(store, tmp_path):
    digests = []
    for folder, (first, second) in {"one": "xy", "two": "yx"}.items():
        (tmp_path / folder / "model").mkdir(parents=True)
        (tmp_path / folder / "model" / "a").write_text(first)
        (tmp_path / folder / "model" / "b").write_text(second)
        digests.append(models.create(store, Model(name=folder, path=str(tmp_path / folder / "model"))).digest)
    assert digests[0] != digests[1]


def test_a_path_that_is_not_there_is_refused_and_leaves_nothing(store, project, kept):
    with pytest.raises(UnusableError, match="nowhere does not exist; give the path of a file or folder"):
        models.create(store, model(project, path=str(project / "nowhere")))
    assert store.list(Model) == []
    assert not (kept / "models").exists()


def test_a_model_may_lie_in_a_datastore(store, project, kept):
    (kept / "trained").mkdir(parents=True)
    (kept / "trained" / "weights.pt").write_bytes(b"weights")
    path = "azureml://datastores/workspaceblobstore/paths/trained"
    datastores.ensure_default_datastore(store)
    assert models.create(store, model(project, path=path)).version == "1"


def test_a_model_in_a_store_becomes_what_it_would_from_this_machine(store, project, kept, files_below):
    stored = Folder("memory://models-test/model")
    stored.write("weights.pt", b"weights")
    registered = models.create(store, model(project, path=stored.url))
    assert files_below(kept) == ["models/digits/1/model/weights.pt"]
    assert models.create(store, model(project)) == registered
    single = models.create(store, model(project, path=stored.url_of("weights.pt")))
    assert os.listdir(single.path) == ["weights.pt"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("memory://models-test/nowhere", "path memory://models-test/nowhere is not there; give the path of a file or"),
        ("memory://models-odd/model", "memory://models-odd/model/a//b has a part that is empty, . or .., which no"),
        ("azureml://datastores/nowhere/paths/model", "no datastore 'nowhere' is registered"),
    ],
)
def test_what_cannot_be_fetched_from_a_store_is_refused_and_leaves_nothing(store, project, kept, path, sentence):
    Folder("memory://models-odd/model").write("a//b", b"x")
    with pytest.raises((UnusableError, NotRegistered), match=sentence):
        models.create(store, model(project, path=path))
    assert not (kept / "models").exists()


def test_the_same_files_of_another_type_are_another_version(store, project):
    models.create(store, model(project))
    assert models.create(store, model(project, type="mlflow_model")).version == "2"


def test_an_empty_folder_is_refused(store, project):
    (project / "empty").mkdir()
    with pytest.raises(UnusableError, match="empty holds no files to copy"):
        models.create(store, model(project, path=str(project / "empty")))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "gone").symlink_to("nowhere"), "gone is a link that leads nowhere; remove it"),
        (lambda folder: (folder / "loop").symlink_to(folder), "loop is a link to a folder that holds it"),
        (lambda folder: os.mkfifo(folder / "pipe"), "pipe is neither a file nor a folder; remove it"),
    ],
)
def test_what_cannot_be_copied_is_refused_by_name(store, project, kept, spoil, sentence):
    spoil(project / "model")
    with pytest.raises(UnusableError, match=sentence):
        models.create(store, model(project))
    assert not (kept / "models").exists()


def test_links_to_files_are_copied_as_files(store, project, kept):
    (project / "elsewhere").write_text("shared")
    (project / "model" / "link").symlink_to(project / "elsewhere")
    models.create(store, model(project))
    copy = kept / "models" / "digits" / "1" / "model" / "link"
    assert (copy.is_symlink(), copy.read_text()) == (False, "shared")


def test_a_file_that_may_be_run_stays_so(store, project, kept):
    (project / "model" / "weights.pt").chmod(0o755)
    models.create(store, model(project))
    assert (kept / "models/digits/1/model/weights.pt").stat().st_mode & stat.S_IXUSR


def test_a_store_that_fails_leaves_no_copy(store, project, kept, monkeypatch, files_below):
    def fail(spec):
        if isinstance(spec, Model):
            raise ConnectionError("no server")
        type(store).put(store, spec)

    monkeypatch.setattr(store, "put", fail)
    with pytest.raises(ConnectionError):
        models.create(store, model(project))
    assert files_below(kept) == []


def test_what_an_upload_that_was_cut_off_left_is_replaced(store, project, kept, files_below):
    left = kept / "models" / "digits" / "1" / "model"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    half = kept / "models" / "digits" / ".1.0a1b2c3d.partial" / "model"
    half.mkdir(parents=True)
    (half / "weights.pt").write_text("half")
    models.create(store, model(project))
    assert files_below(kept) == ["models/digits/1/model/weights.pt"]


def test_a_model_is_shown_in_its_newest_version_or_the_one_named(store, project):
    models.create(store, model(project, version="2"))
    models.create(store, model(project, version="1", path=str(project / "code")))
    assert models.show(store, "digits").version == "1"
    assert models.show(store, "DIGITS", "2").version == "2"


def test_a_deleted_version_is_gone_with_its_copy(store, project, kept, files_below):
    models.create(store, model(project))
    models.delete(store, "digits")
    assert store.list(Model) == []
    assert files_below(kept) == []
    with pytest.raises(NotRegistered):
        models.delete(store, "digits")


def test_deleting_without_a_version_is_refused_when_there_are_several(store, project):
    models.create(store, model(project))
    models.create(store, model(project, path=str(project / "code")))
    with pytest.raises(ConflictError, match="has the versions 1, 2; say which to delete with --version"):
        models.delete(store, "digits")


def test_a_model_that_a_deployment_uses_is_not_deleted(ready, launcher, declared):
    from deployments.service import deployments

    deployments.create(ready, launcher, declared())
    with pytest.raises(ConflictError, match="model 'digits' version '1' is used by mnist/torch"):
        models.delete(ready, "digits")


def test_a_path_edited_by_hand_is_not_removed_with_its_model(store, project):
    registered = models.create(store, model(project))
    store.put(registered.model_copy(update={"path": str(project / "code")}))
    models.delete(store, "digits")
    assert (project / "code" / "driver.py").exists()


def test_models_registered_at_once_get_a_version_each_and_are_whole(store, tmp_path):
    paths = []
    for index in range(6):
        folder = tmp_path / str(index) / "model"
        folder.mkdir(parents=True)
        (folder / "weights").write_bytes(str(index).encode() * 100_000)
        paths.append(folder)
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda path: models.create(store, Model(name="digits", path=str(path))), paths))
    assert sorted(each.version for each in made) == ["1", "2", "3", "4", "5", "6"]
    for path, each in zip(paths, made, strict=True):
        assert (Path(each.path) / "model" / "weights").read_bytes() == (path / "weights").read_bytes()


def test_files_that_change_while_they_are_copied_are_refused(store, project, kept, files_below):
    content = uploads.named_content(project / "model", "model path")
    (project / "model" / "weights.pt").write_bytes(b"changed")
    with pytest.raises(UnusableError, match="files changed while they were copied"):
        uploads.put(content, kept / "models" / "digits" / "1")
    assert files_below(kept) == []
