"""The first rows on a flow run's page: few, narrow, and nothing but text."""

from flows.first_rows import COLUMNS, LONGEST, as_table, said
from scoring.summary import Summary


def test_cells_are_one_line_each_and_cut_where_they_are_long() -> None:
    row = {"file": "a\nb\x1b[2J.png", "label": "x" * 1000, "box": [1, {"y": 2}], "score": 0.5, "none": None}
    (shown,) = as_table([row], tuple(row))
    assert shown == {
        "file": "a\\\\nb\\\\x1b\\[2J.png",
        "label": "x" * (LONGEST - 1) + "…",
        "box": '\\[1, {"y": 2}\\]',
        "score": "0.5",
        "none": "",
    }


def test_all_rows_have_the_outputs_columns_and_of_very_many_some() -> None:
    columns = tuple(f"c{number}" for number in range(100))
    table = as_table([{"c0": "a"}, {"c1": "b", "c99": "c"}], columns)
    assert [list(row) for row in table] == [list(columns[:COLUMNS])] * 2
    summary = Summary.model_construct(rows=1234, columns=columns)
    assert said(summary, 2) == "The first 2 of 1,234 rows, 12 of 100 columns."


def test_rows_without_names_make_no_table() -> None:
    assert as_table([{}, {}], ()) == []


def test_cells_are_not_read_as_markdown_or_html() -> None:
    hostile = ["<script>alert(1)</script>", "*a* _b_ `c`", "# head", "[l](http://x)", "- item", "1. item", "-0.5"]
    shown = [row["c"] for row in as_table([{"c": text} for text in hostile], ("c",))]
    assert shown == [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        r"\*a\* \_b\_ \`c\`",
        r"\# head",
        r"\[l\](http://x)",
        r"\- item",
        r"1\. item",
        "-0.5",
    ]
