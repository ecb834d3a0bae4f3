"""Parts appear whole or not at all; a mini-batch in a part is done, and counts once."""

import json

import pytest

from scoring import parts
from scoring.facts import Facts
from scoring.parts import Done, PartWriter, RowReader, read_frames
from scoring.process import Scored
from scoring.storage import Folder


@pytest.fixture
def job(tmp_path):
    return Folder(tmp_path / "job")


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def add(writer, index, text):
    """Score a mini-batch as the scoring process does: rows are appended to the spool, then the writer is told."""
    with open(writer.spool_for(index), "ab") as spool:
        offset = spool.tell()
        spool.write(text.encode())
    writer.add(Facts(mini_batch=index, files=1, rows=1), Scored(1, ("prediction",), offset, len(text), None))


def stored(job):
    reader = RowReader(job)
    try:
        return [(frame.facts.mini_batch, reader.read(frame).decode()) for frame in read_frames(job)]
    finally:
        reader.close()


def part_names(job):
    return job.folder(parts.PARTS).names()


def test_quick_mini_batches_share_a_part(job, scratch):
    writer = PartWriter(job, scratch)
    for index in range(3, 8):
        add(writer, index, f"row {index}\n")
    assert part_names(job) == []
    writer.close()
    assert part_names(job) == ["000000003-000000007.part"]
    assert stored(job) == [(index, f"row {index}\n") for index in range(3, 8)]
    assert list(scratch.iterdir()) == []


def test_mini_batches_that_do_not_follow_each_other_are_parts_of_their_own(job, scratch):
    writer = PartWriter(job, scratch)
    for index in (1, 2, 5, 9, 10):
        add(writer, index, f"row {index}\n")
    writer.close()
    assert part_names(job) == ["000000001-000000002.part", "000000005-000000005.part", "000000009-000000010.part"]
    done = Done(job)
    assert [index for index in range(12) if index in done] == [1, 2, 5, 9, 10]


def test_finished_mini_batches_are_stored_while_a_slow_one_runs(job, scratch, monkeypatch):
    writer = PartWriter(job, scratch)
    add(writer, 0, "quick\n")
    writer.keep_up()
    assert part_names(job) == []
    spool = writer.spool_for(1)
    monkeypatch.setattr(parts, "PART_SECONDS", 0)
    writer.keep_up()
    assert part_names(job) == ["000000000-000000000.part"]
    assert writer.spool_for(1) == spool
    add(writer, 1, "slow\n")
    writer.close()
    assert stored(job) == [(0, "quick\n"), (1, "slow\n")]


def test_overlapping_parts_are_merged_without_doubling(job, tmp_path):
    for number, indices in enumerate([(0, 1, 2, 3), (2, 3, 4), (1, 2), (4, 5), (6,)]):
        scratch = tmp_path / f"scratch-{number}"
        scratch.mkdir()
        writer = PartWriter(job, scratch)
        for index in indices:
            add(writer, index, f"row {index}\n")
        writer.close()
    assert len(part_names(job)) == 5
    assert stored(job) == [(index, f"row {index}\n") for index in range(7)]


def test_a_part_that_is_not_finished_is_ignored(job, scratch):
    writer = PartWriter(job, scratch)
    add(writer, 0, "row\n")
    writer.close()
    whole = job.folder(parts.PARTS).read("000000000-000000000.part")
    job.folder(parts.PARTS).write(".000000001-000000001.part.ab12cd34.unfinished", whole[:20])
    assert 1 not in Done(job)
    assert stored(job) == [(0, "row\n")]


def test_a_part_that_was_cut_short_is_an_error_and_not_fewer_rows(job, scratch):
    writer = PartWriter(job, scratch)
    add(writer, 0, "row of some length\n")
    writer.close()
    path = job.folder(parts.PARTS).at("000000000-000000000.part")
    with open(path, "r+b") as part:
        part.truncate(len(part.read()) - 5)
    frame = next(read_frames(job))
    reader = RowReader(job)
    with pytest.raises(EOFError, match="ends 5 bytes too early"), open("/dev/null", "wb") as nowhere:
        reader.copy(frame, nowhere)
    reader.close()


def test_rows_and_facts_lie_in_one_file_so_that_neither_is_there_without_the_other(job, scratch):
    writer = PartWriter(job, scratch)
    add(writer, 0, "a\n")
    writer.close()
    header, rows = job.folder(parts.PARTS).read("000000000-000000000.part").split(b"\n", 1)
    assert json.loads(header)["facts"]["mini_batch"] == 0
    assert rows == b"a\n"


def test_which_mini_batches_are_done_is_right_for_any_parts(job):
    for name in ["000000000-000000009.part", "000000002-000000003.part", "000000020-000000020.part"]:
        job.folder(parts.PARTS).write(name, b"")
    done = Done(job)
    assert [index for index in range(25) if index in done] == [*range(10), 20]
    assert not Done(Folder(job.at("elsewhere")))
