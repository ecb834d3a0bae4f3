"""A script may give up files itself: they fail at once and alone, and their mini-batch is not called again for them."""

SCRIPT = "gives_up_bad_files.py"


def calls(caplog):
    return [record.message.rpartition(" ")[2] for record in caplog.records if "called with" in record.message]


def test_a_file_that_is_given_up_costs_no_other_call(score_with, caplog):
    caplog.set_level("INFO")
    outcome = score_with(SCRIPT, ["1", "2-bad", "3", "4-bad"], size=4, max_retries=3)
    assert outcome.counts == (2, 2, 0, 0)
    assert outcome.rows.splitlines() == ["prediction", "1", "3"]
    assert [(failed["path"], failed["error"], failed["message"]) for failed in outcome.failures] == [
        ("2-bad", "ValueError", "2-bad is no good"),
        ("4-bad", "ValueError", "4-bad is no good"),
    ]
    assert calls(caplog) == ["4"]


def test_beside_files_that_are_isolated_those_given_up_keep_their_own_reason(score_with):
    names = ["1", "2-bad", "3-deadly", "4"]
    outcome = score_with(SCRIPT, names, size=4)
    assert outcome.counts == (2, 2, 0, 0)
    assert outcome.rows.splitlines() == ["prediction", "1", "4"]
    assert [(failed["path"], failed["error"]) for failed in outcome.failures] == [
        ("2-bad", "ValueError"),
        ("3-deadly", "crash"),
    ]


def test_rows_that_are_missing_beside_them_are_counted_as_ever(score_with, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("def run(files, context):\n    context.give_up(files[1], OSError('cut off'))\n    return [7]\n")
    outcome = score_with(script, ["1", "2", "3"], size=3)
    assert outcome.counts == (1, 2, 0, 0)
    assert [failed["error"] for failed in outcome.failures] == ["OSError", "short_return"]
    assert outcome.failures[1]["message"].startswith("run() returned 1 rows for 2 files; no row names its file")


def test_a_job_whose_files_are_all_given_up_has_failed(score_with):
    outcome = score_with(SCRIPT, ["1-bad", "2-bad"], size=1)
    assert outcome.summary.state == "Failed"
    assert "2 × ValueError: 1-bad is no good" in outcome.summary.message


def test_what_is_no_file_of_the_mini_batch_cannot_be_given_up(score_with):
    [failed] = score_with(SCRIPT, ["other"], size=1).failures
    assert failed["message"] == "'/no/such/file' cannot be given up: it is no path of this mini-batch"
