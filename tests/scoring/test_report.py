"""The report of a job: its numbers are the job's, it needs nothing but itself, and nothing in it is taken for markup.

What a reader must be able to tell from it is asked in report_questions.md. SCREENSHOTS=FOLDER keeps pictures of it.
"""

import csv
import os
import random
import re
import shutil
import time
from itertools import pairwise
from pathlib import Path

import pytest

from scoring import spelling
from scoring.job import Job
from scoring.recorded import Sample, Tried
from scoring.report.build import REPORT, build
from scoring.report.distributions import DISTRIBUTIONS, Distributions
from scoring.report.drift import psi
from scoring.report.durations import bars_of
from scoring.report.page import TEMPLATES
from scoring.report.text import shown
from scoring.report.throughput import Throughput
from scoring.storage import Folder
from scoring.summary import Files
from scoring.work import Work
from tests.scoring.conftest import write_files
from tests.scoring.killed_job import go_on_with
from tests.scoring.made_jobs import BEGAN, failed_try, made_job, summary_of
from tests.scoring.prepared_jobs import Page, Reported, prepare, said

CHROMIUM = shutil.which("chromium") or ""
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
NAMES = ["clean", "failing", "uneven"]


@pytest.fixture(scope="module")
def reported(tmp_path_factory) -> dict[str, Reported]:
    return prepare(tmp_path_factory.mktemp("reported"))


def read(html: bytes | str) -> Page:
    page = Page()
    page.feed(html if isinstance(html, str) else html.decode())
    page.close()
    return page


def test_a_clean_job_says_so_first_and_has_no_failures(reported):
    page = reported["clean"].page
    top = said(page.sections["top"])
    assert re.search(r"✓ All 120 files were scored in \d+ ms\.|✓ All 120 files were scored in \d\.\d+ s\.", top)
    assert "files scored 120 failed 0 rows 120" in top
    assert "mini-batches 24 slots 2" in top
    assert "failures" not in page.sections


def test_the_top_tells_the_model_and_when_the_job_ran(reported):
    job = reported["clean"]
    top = said(job.page.sections["top"])
    assert f"model digits-v7.bin, job {job.summary.job}" in top
    assert f"{job.summary.ended:%H:%M:%S} UTC" in top


def test_links_to_sections_have_the_words_of_their_headings(reported):
    html = reported["failing"].html
    links = dict(re.findall(r'<li><a href="#([\w-]+)">(.*?)</a></li>', html))
    assert links == dict(re.findall(r'<h2 id="([\w-]+)-title">(.*?)</h2>', html))


@pytest.mark.parametrize(("threshold", "allowed"), [(20, ". error_threshold allows 20 failed files."), (-1, "")])
def test_what_might_have_failed_is_told_beside_what_did(tmp_path, threshold, allowed):
    rows = [tried(0, 0, 1.0), tried(1, 0, 1.0, at=1.0, ended="ValueError")]
    job = made_job(tmp_path / "job", rows, mini_batch_size=1, error_threshold=threshold)
    top = said(read(build(job, summary_of(job, rows), Folder(tmp_path / "job/score"))).sections["top"])
    assert f"Completed with errors{allowed} 2026-02-28 23:58:58 to 2026-03-01 00:00:00 UTC" in top


def test_a_failed_try_is_marked_at_its_end_and_the_next_one_at_its_beginning(tmp_path):
    rows = [
        tried(0, 0, 1.0, at=4.0, ended="ValueError", tries=2),
        tried(1, 0, 1.0, at=5.0),
        tried(2, 0, 1.0, at=9.0),
    ]
    failed = [failed_try(0, 0, BEGAN + at, 1.0, number=number) for number, at in ((1, 0), (2, 4.0))]
    job = made_job(tmp_path / "job", rows, failed, mini_batch_size=1)
    html = build(job, summary_of(job, rows), Folder(tmp_path / "job/score")).decode()
    marks = re.findall(r'<use href="#(\w+)" x="([\d.]+)%"', html)
    assert {(kind, float(at)) for kind, at in marks} == {("failed", 10), ("retried", 40), ("failed", 50)}
    assert '<span style="left:100.0%" class="last">10 s</span>' in html
    legend = said(re.search(r'<ul class="legend">(.*?)</ul>', html, re.DOTALL)[1])
    assert all(words in legend for words in ("files of it failed", "another try begins", "idle"))
    assert "its process starts" not in legend


def test_a_first_try_that_failed_stands_after_the_start_of_its_process(tmp_path):
    rows = [tried(0, 0, 1.0, at=5.0, tries=2), tried(1, 0, 4.0, at=6.0)]
    failed = [failed_try(0, 0, BEGAN, 2.0, waiting=3.0)]
    job = made_job(tmp_path / "job", rows, failed, mini_batch_size=1)
    page = build(job, summary_of(job, rows), Folder(tmp_path / "job/score")).decode()
    blocks = re.findall(r'<rect class="(\w+)" x="([\d.]+)%" width="([\d.]+)%"', page)
    assert ("starting", "0.0", "30.0") in blocks, blocks[:9]
    assert ("failed", "30.0", "20.0") in blocks
    assert re.search(r"start 3\.0+ s 30 %", said(read(page).sections["time"]))


def test_rates_are_those_at_which_files_were_scored_in_spans_shorter_than_a_mini_batch_too():
    rows = [tried(index, 0, 10.0, at=index * 10.0, files=10) for index in range(6)]
    throughput = Throughput(Work().summed(rows, [], []))
    for row in rows:
        throughput.add(row)
    told = throughput.bars().rows
    assert {rate for _, _, rate in told} == {"1.0"}
    assert [files for _, files, _ in told] == ["5"] * 12


def test_failures_are_told_by_cause_with_examples(reported):
    page = reported["failing"].page
    assert re.search(
        r"! 169 of 200 files were scored in \S+ \w+; 31 \(16 %\) failed, for 3 causes\.", said(page.sections["top"])
    )
    failures = said(page.sections["failures"])
    assert re.findall(r"(\d+) files (\w+) in", failures) == [
        ("16", "ValueError"),
        ("9", "LookupError"),
        ("6", "MemoryError"),
    ]
    assert "For example: nothing is written on it: <b>blank</b> Among the files: blank-00.txt (mini" in failures
    assert re.search(r"blank-00\.txt \(mini-batch 0, in \d calls of run\(\)\)", failures)


def test_names_and_messages_are_shown_and_never_taken_for_markup(reported):
    job = reported["failing"]
    assert {"script", "b"}.isdisjoint(tag for tag, _ in job.page.elements)
    assert "\u202e" not in job.html
    assert "&lt;b&gt;blank&lt;/b&gt;" in job.html


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain.txt", "plain.txt"),
        ("日本 é", "日本 é"),
        ("torn-\u202egnp.txt", "torn-\\u202egnp.txt"),
        ("two\nlines\x00", "two\\nlines\\x00"),
        ("half \udcff", "half \\udcff"),
        ("x" * 600, "x" * 500 + "…"),
    ],
)
def test_what_is_not_seen_is_written_by_its_number(text, seen):
    assert shown(text) == seen


def test_hostile_text_stays_text_wherever_it_stands(tmp_path):
    hostile = "<img src=x onerror=alert(1)>\u202e\"'&\n\udcff{{ 7*7 }}"
    rows = [tried(at, 0, 0.1, ended="ok" if at else hostile) for at in range(4)]
    named = hostile.replace("\udcff", "")
    failed = [failed_try(0, 0, BEGAN, 0.1)._replace(exit=named, where=named, message="")]
    job = made_job(
        tmp_path / "job", [row._replace(exit=row.exit.replace("\udcff", "")) for row in rows], failed, mini_batch_size=1
    )
    job = Job(job.manifest.model_copy(update={"endpoint": hostile, "deployment": hostile}))
    cause = {"error": hostile, "where": hostile, "message": hostile, "files": 1, "first": hostile}
    (tmp_path / "job/score").mkdir()
    with (tmp_path / "job/score/rows.csv").open("w", newline="", errors="backslashreplace") as file:
        csv.writer(file).writerows([[hostile, "label"], *([[at, hostile] for at in range(4)])])
    summary = summary_of(job, rows, causes=(cause,), rows_file="rows.csv", columns=(hostile, "label"), script=hostile)
    html = build(job, summary, Folder(tmp_path / "job/score")).decode()
    assert "img" not in {tag for tag, _ in read(html).elements}
    assert "{{ 7*7 }}" in html
    assert not any(name.startswith("on") for _, attributes in read(html).elements for name in attributes)
    assert "\u202e" not in html


def test_a_slow_slot_is_named_with_how_slow_it_is(reported):
    told = said(reported["uneven"].page.sections["timeline"])
    slot, times = re.search(r"Slot (\d) was the slowest: \S+ ms for a file, (\S+) times as long", told).groups()
    assert 3 < float(times) < 7
    slowest = reported["uneven"].page.rows["mini-batches"]
    first = next(row for row in slowest if len(row) == 8 and row[0] != "mini-batch")
    assert first[3] == slot


def test_slots_that_stand_idle_at_the_end_are_explained(tmp_path):
    rows = [tried(at, 0, 1.0, at=float(at)) for at in range(30)] + [tried(30 + at, 1, 1.0, at=at) for at in range(10)]
    job = made_job(tmp_path / "job", rows, mini_batch_size=1, max_concurrency_per_instance=2)
    told = said(read(build(job, summary_of(job, rows), Folder(tmp_path / "job/score"))).sections["timeline"])
    assert "in chunks, at first of 8 and then of ever fewer. After 10.0 s none was left for slot 1, and the" in told
    ended_early = Files(listed=41, scored=40, failed=0, skipped=0, pending=1)
    canceled = summary_of(job, rows, files=ended_early)
    assert "in chunks" not in said(read(build(job, canceled, Folder(tmp_path / "job/score"))).sections["timeline"])
    resumed = summary_of(job, rows, timings={"score": 10.0})
    assert "in chunks" not in said(read(build(job, resumed, Folder(tmp_path / "job/score"))).sections["timeline"])
    even = [row._replace(slot=row.mini_batch % 2, began=BEGAN + row.mini_batch // 2) for row in rows]
    job = made_job(tmp_path / "even", even, mini_batch_size=1, max_concurrency_per_instance=2)
    told = said(read(build(job, summary_of(job, even), Folder(tmp_path / "even/score"))).sections["timeline"])
    assert "in chunks" not in told


def test_mini_batches_have_their_numbers_on_the_timeline_where_there_is_room(tmp_path):
    rows = [tried(0, 0, 50.0), tried(1, 0, 0.1, at=50.0), tried(2, 0, 50.0, at=51.0), tried(3, 1, 50.0)]
    job = made_job(tmp_path / "job", rows, mini_batch_size=1, max_concurrency_per_instance=2)
    html = build(job, summary_of(job, rows), Folder(tmp_path / "job/score")).decode()
    assert re.findall(r'<text class="number-of" x="([\d.]+)%" y="24">(\d+)<', html) == [
        ("24.75", "0"),
        ("75.25", "2"),
        ("24.75", "3"),
    ]


@pytest.mark.parametrize(("least", "most", "low"), [(20.8, 31.0, 15.0), (950.0, 1010.0, 840.0), (3.0, 100.0, 0.0)])
def test_the_axis_of_durations_begins_at_a_round_number_with_its_label(least, most, low):
    seconds = [least + (most - least) * at / 40 for at in range(41)]
    figure = bars_of(Work().summed([tried(at, 0, took) for at, took in enumerate(seconds)], [], []))
    assert (figure.ticks[0].at, figure.ticks[0].label) == (0.0, spelling.moment(low))
    drawn = [bar for bar in figure.bars if bar.height]
    assert len(figure.ticks) >= 3
    assert drawn[0].left > 0 or not low


def test_the_slowest_mini_batches_are_named_with_their_files_and_rows(reported):
    rows = [row for row in reported["clean"].page.rows["mini-batches"] if len(row) == 8][1:]
    assert len(rows) == 10
    for number, _, files, slot, tries, ended, place, first in rows:
        index = int(number)
        assert (files, tries, ended) == ("5", "1", "ok")
        assert slot in {"0", "1"}
        assert place == f"{index * 5 + 1} to {index * 5 + 5}"
        assert first == sorted(f"digit-{at % 10}-{at:03d}.png" for at in range(120))[index * 5]


def test_columns_are_drawn_by_what_they_hold(reported):
    page = reported["clean"].page
    told = said(page.sections["predictions"])
    assert "From all 120 rows of predictions.csv" in told
    assert "file texts" not in told
    assert "A full bar is 10 % of the rows." in told
    assert [row[:3] for row in page.rows["predictions"] if len(row) == 4 and row[0].isdigit()] == [
        [str(digit), "12", "10 %"] for digit in range(10)
    ]
    assert re.search(r"confidence numbers .*From 0\.5\d+ to 0\.98\d, half at most 0\.7", told)


def test_inputs_that_are_pictures_stand_beside_what_was_predicted_for_them(reported):
    job = reported["clean"]
    pictures = [attributes for tag, attributes in job.page.elements if tag == "img"]
    assert len(pictures) == 12
    assert all(each["src"].startswith("data:image/jpeg;base64,/9j/") for each in pictures)
    with (job.folder / "predictions.csv").open() as file:
        digits = {row["file"]: row["digit"] for row in csv.DictReader(file)}
    assert len({digits[str(each["alt"])] for each in pictures}) >= 6
    told = said(job.page.sections["predictions"])
    for each in pictures:
        assert f"{each['alt']}digit {digits[each['alt']]}" in told.replace(" digit", "digit")
    assert "img" not in {tag for tag, _ in reported["failing"].page.elements}


def test_versions_and_settings_are_told(reported):
    job = reported["clean"]
    rows = {row[0]: row[1:] for row in job.page.rows["versions"]}
    assert rows["model"] == ["digits-v7.bin (given as a path, without name and version)", ""]
    assert job.summary.sha256 in job.html
    assert rows["mini_batch_size"] == ["5", "set"]
    assert rows["error_threshold"] == ["-1", "default"]


@pytest.mark.parametrize("name", NAMES)
def test_a_report_holds_all_that_it_shows(reported, name):
    page = reported[name].page
    found = page.elements
    assert {"script", "iframe", "object", "embed", "form"}.isdisjoint(tag for tag, _ in found)
    ids = {attributes["id"] for _, attributes in found if "id" in attributes}
    links = [attributes["href"] for tag, attributes in found if tag in {"a", "use"}]
    assert {link for link in links if link.startswith("#")} <= {f"#{each}" for each in ids}
    beside = {link for link in links if not link.startswith("#")}
    assert beside <= {"summary.json", "failures.jsonl", "predictions.csv"}
    assert all((reported[name].folder / link).exists() for link in beside)
    assert "url(http" not in reported[name].html
    assert REPORT in reported[name].summary.written


@pytest.mark.parametrize("name", NAMES)
def test_who_does_not_see_the_figures_is_told_them(reported, name):
    found = reported[name].page.elements
    assert ("html", {"lang": "en"}) in found
    for tag, attributes in found:
        assert tag != "svg" or attributes.get("role") != "img" or attributes["aria-label"]
        assert tag != "img" or attributes["alt"]
        assert tag != "th" or attributes["scope"]
    levels = [int(tag[1]) for tag, _ in found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def luminance(color):
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_all_text_stands_out_from_its_ground(scheme):
    blocks = re.findall(r":root \{(.*?)\}", (TEMPLATES / "style.css").read_text(), re.DOTALL)
    colors = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme]))
    pairs = [
        (text, ground) for text in ("ink", "soft", "link", "good", "warning", "bad") for ground in ("ground", "panel")
    ]
    pairs += [("ink", "flag")]
    for text, ground in pairs:
        light, dark = sorted((luminance(colors[text]), luminance(colors[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def tried(mini_batch, slot, seconds, *, at=0.0, ended="ok", files=1, tries=1):
    ok = ended == "ok"
    return Tried(
        mini_batch,
        slot,
        files,
        files if ok else 0,
        0 if ok else files,
        files if ok else 0,
        tries,
        BEGAN + at,
        0.0,
        0.0,
        seconds,
        0.0,
        ended,
    )


def test_a_job_of_100_000_mini_batches_has_a_small_report_in_seconds(tmp_path):
    chance = random.Random(7)
    free, rows, failed = [0.0] * 60, [], []
    for index in range(100_000):
        slot = index % 60
        seconds = chance.lognormvariate(-3, 0.5)
        if index % 1000 == 17:
            failed.append(failed_try(index, slot, BEGAN + free[slot], seconds))
            free[slot] += seconds
        rows.append(tried(index, slot, seconds, at=free[slot], tries=2 if index % 1000 == 17 else 1))
        free[slot] += seconds + 0.001
    samples = [
        Sample(BEGAN + at, slot, 100 + slot, at, (200 + at) << 20, None)
        for at in range(0, int(max(free)), 5)
        for slot in range(60)
    ]
    job = made_job(tmp_path / "job", rows, failed, samples, mini_batch_size=1, max_concurrency_per_instance=60)
    began = time.process_time()
    page = build(job, summary_of(job, rows), Folder(tmp_path / "job/score"))
    assert time.process_time() - began < 15
    assert len(page) < 500_000
    told = said(read(page).sections["timeline"])
    assert "slots 0-2" in told
    assert "100,000 mini-batches are too many to draw one by one" in told
    table = [row for row in read(page).rows["timeline"] if row[0].startswith("slots")]
    assert sum(int(row[1].replace(",", "")) for row in table) == 100_000
    assert sum(int(row[3]) for row in table) == 100
    assert "It was first looked at after 0 ms." in said(read(page).sections["memory"])
    throughput = [row for row in read(page).rows["throughput"] if row[0] != "after"]
    assert sum(int(row[1].replace(",", "")) for row in throughput) == 100_000


def rows_of(chance, count, *, shift=0.0, cats=0.5):
    return [[f"{at}.png", "cat" if chance.random() < cats else "dog", chance.gauss(shift, 1)] for at in range(count)]


@pytest.fixture
def report_on(tmp_path):
    """The report of a job with such rows, compared with an earlier job; its page, and what is kept of it."""
    number = 0

    def report_on(rows, earlier=None, columns=("file", "label", "score")):
        nonlocal number
        number += 1
        table = [tried(at, 0, 0.01, at=at * 0.01) for at in range(len(rows))]
        job = made_job(tmp_path / f"job-{number}", table, mini_batch_size=1)
        output = tmp_path / f"job-{number}/score"
        output.mkdir()
        with (output / "rows.csv").open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
        html = build(job, summary_of(job, table, rows_file="rows.csv", columns=columns), Folder(output), earlier)
        return read(html), Distributions.read(job.folder)

    return report_on


def test_a_column_that_has_shifted_since_the_previous_job_is_flagged(report_on):
    chance = random.Random(1)
    first, kept = report_on(rows_of(chance, 2000))
    assert "There is no earlier job to compare with." in said(first.sections["predictions"])
    same, _ = report_on(rows_of(chance, 2000), kept)
    assert "Drift" not in same.sections["predictions"]
    assert said(same.sections["predictions"]).count("as before") == 2
    shifted, _ = report_on(rows_of(chance, 2000, shift=0.8), kept)
    told = said(shifted.sections["predictions"])
    assert re.search(r"score numbers ! Drift\. PSI 0\.[3-9]\d, above 0\.2: its distribution has shifted\.", told)
    assert "label classes PSI 0.00: as before." in told
    assert "Since the endpoint's previous job the distribution of score has shifted" in said(shifted.sections["top"])
    assert "Drift" not in same.sections["top"]
    others, _ = report_on(rows_of(chance, 2000, cats=0.85), kept)
    assert re.search(r"label classes ! Drift\. PSI 0\.\d\d", said(others.sections["predictions"]))
    assert (others.rows["predictions"][0][3], others.rows["predictions"][1][0]) == ("before", "cat")


def test_a_few_rows_prove_no_drift(report_on):
    chance = random.Random(3)
    _, kept = report_on(rows_of(chance, 40))
    page, _ = report_on(rows_of(chance, 40, shift=0.3), kept)
    told = said(page.sections["predictions"])
    assert "Drift" not in told
    assert re.search(r"score numbers PSI 0\.\d\d, above 0\.2, but with so few rows chance alone makes 0\.4\d\.", told)


def test_the_index_is_that_of_its_definition():
    assert psi([50, 50], [50, 50]).psi == 0
    assert psi([50, 50], [75, 25]).psi == pytest.approx(0.25 * 1.0986, abs=0.001)
    assert psi([100, 0], [50, 50]).psi < 5


def test_of_many_rows_every_so_many_th_is_looked_at(report_on):
    page, kept = report_on(rows_of(random.Random(1), 25_000))
    assert "From 8,334 of 25,000 rows, evenly chosen" in said(page.sections["predictions"])
    assert (kept.rows, kept.sampled) == (25_000, 8_334)
    assert kept.column("file").kind == "texts"
    assert len(kept.model_dump_json()) < 5_000


@pytest.mark.parametrize(("name", "layout"), [("rows.jsonl", None), ("rows.parquet", None), ("rows.csv", "azureml")])
def test_rows_of_every_format_are_read(score_with, name, layout):
    outcome = score_with("ok.py", 40, size=4, output_file_name=name, output_format=layout)
    told = said(read((outcome.folder / REPORT).read_text()).sections["predictions"])
    assert "From all 40 rows" in told


def test_a_job_whose_report_cannot_be_built_is_none_the_worse(make_manifest, tmp_path, caplog):
    manifest = make_manifest("ok.py", write_files(tmp_path / "in", ["a", "b"]))
    manifest.write()
    (tmp_path / "job" / DISTRIBUTIONS).mkdir()
    go_on_with(manifest.folder)
    output = Folder(manifest.output)
    assert output.names() == ["failures.jsonl", "predictions.csv", "summary.json"]
    assert b'"Completed"' in output.read("summary.json")
    (said_once,) = [line for line in caplog.messages if line.startswith("The job has no report")]
    assert DISTRIBUTIONS in said_once


def test_a_report_that_the_script_wrote_is_the_scripts(make_manifest, tmp_path):
    (tmp_path / "code").mkdir()
    script = tmp_path / "code/score.py"
    script.write_text(
        "import os\nfrom pathlib import Path\ndef run(mini_batch):\n"
        "    Path(os.environ['AZUREML_BI_OUTPUT_PATH'], 'report.html').write_text('mine')\n    return mini_batch\n"
    )
    manifest = make_manifest(script, write_files(tmp_path / "in", ["a"]))
    manifest = manifest.model_copy(update={"script": str(script), "code": str(script.parent)})
    manifest.write()
    go_on_with(manifest.folder)
    assert Folder(manifest.output).read(REPORT) == b"mine"
    assert b"The one file was scored" in Folder(manifest.folder).read(REPORT)


def test_somebody_elses_report_in_the_output_folder_is_left_alone(score_with, tmp_path):
    write_files(tmp_path / "output", [REPORT])
    outcome = score_with("ok.py")
    assert (tmp_path / "output" / REPORT).read_text() == REPORT
    assert REPORT not in outcome.summary.written


def test_a_job_without_tables_has_a_report_of_what_is_known(tmp_path):
    job = made_job(tmp_path / "job", [tried(0, 0, 1.0)])
    shutil.rmtree(tmp_path / "job/logs")
    page = read(build(job, summary_of(job, [tried(0, 0, 1.0)]), Folder(tmp_path / "job/score")))
    assert "The one file was scored" in page.sections["top"]
    assert "Nothing can be said: the job has no table of its mini-batches." in said(page.sections["advice"])
    assert "timeline" not in page.sections


def test_slots_that_mostly_started_processes_are_told_of(tmp_path):
    rows = [tried(0, 0, 1.0, at=3.0)._replace(began=BEGAN, waiting=3.0), tried(1, 0, 1.0, at=4.0)]
    job = made_job(tmp_path / "job", rows, mini_batch_size=1)
    told = said(read(build(job, summary_of(job, rows), Folder(tmp_path / "job/score"))).sections["time"])
    assert "Starting processes took 60 % of the slots' time, calls of run() took 40 %." in told
    rows[1] = rows[1]._replace(scoring=20.0)
    job = made_job(tmp_path / "another", rows, mini_batch_size=1)
    told = said(read(build(job, summary_of(job, rows), Folder(tmp_path / "another/score"))).sections["time"])
    assert "Starting processes" not in told


def test_a_mini_batch_of_which_some_files_failed_says_how_many(tmp_path):
    rows = [tried(0, 0, 1.0, files=8, ended="LookupError")._replace(scored=7, failed=1), tried(1, 0, 0.5, at=1.0)]
    job = made_job(tmp_path / "job", rows, mini_batch_size=8)
    page = read(build(job, summary_of(job, rows), Folder(tmp_path / "job/score")))
    assert [row[5] for row in page.rows["mini-batches"] if len(row) == 8][1:] == ["1 of 8 failed (LookupError)", "ok"]


def test_a_pause_between_two_runs_of_a_job_is_told(tmp_path):
    rows = [tried(0, 0, 1.0), tried(1, 0, 1.0, at=1), tried(2, 0, 1.0, at=3600)]
    job = made_job(tmp_path / "job", rows, mini_batch_size=1)
    page = read(build(job, summary_of(job, rows, timings={"score": 3.0}), Folder(tmp_path / "job/score")))
    assert "for 59 min 58 s of this time it did not run." in said(page.sections["timeline"])
    page = read(build(job, summary_of(job, rows, timings={"score": 3600.0}), Folder(tmp_path / "job/score")))
    assert "did not run" not in said(page.sections["timeline"])


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed; on Debian: apt-get install chromium")
def test_a_browser_shows_it_whole_and_asks_nobody_for_anything(reported):
    from playwright.sync_api import sync_playwright

    troubles, asked, widths = [], [], {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        for name, job in reported.items():
            for look, width, scheme in (("wide", 1100, "light"), ("dark", 1100, "dark"), ("narrow", 400, "light")):
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                page.on("console", lambda message: troubles.append(message.text))
                page.on("request", lambda request: asked.append(request.url))
                page.goto((job.folder / REPORT).as_uri())
                widths[name, look] = page.evaluate("document.documentElement.scrollWidth") - width
                if folder := os.environ.get("SCREENSHOTS"):
                    page.screenshot(path=Path(folder) / f"{name}-{look}.png", full_page=True)
                page.close()
        browser.close()
    assert troubles == []
    assert {url for url in asked if not url.startswith("data:")} == {
        (job.folder / REPORT).as_uri() for job in reported.values()
    }
    assert set(widths.values()) == {0}
