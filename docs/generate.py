"""Write the reference pages under docs/ from what they describe, or with --check say which are stale: `make docs`."""

import json
import sys
from pathlib import Path

import command_line
import kinds

from deployments.declarations.schema import KINDS, schema_of_summary

HERE = Path(__file__).parent
SUMMARYS_SCHEMA = "job-summary.schema.json"
MADE = "<!-- Made by `make docs` from {}: change that, not this page. -->"


def pages() -> dict[Path, str]:
    """Every generated page by its path, and the schema of a job's summary."""
    reference = {HERE / "yaml" / f"{kind}.md": kinds.page(kind, example(kind)) for kind in KINDS}
    written = {path: (MADE.format("the descriptions in blocks/"), text) for path, text in reference.items()}
    written[HERE / "command-line.md"] = MADE.format("the commands' help"), command_line.page()
    written[HERE / "job-summary.md"] = MADE.format("the descriptions in scoring/"), kinds.summary_page(SUMMARYS_SCHEMA)
    schema = json.dumps(schema_of_summary(), indent=2) + "\n"
    return {path: f"{note}\n\n{text}" for path, (note, text) in written.items()} | {HERE / SUMMARYS_SCHEMA: schema}


def example(kind: str) -> str:
    """The YAML that a kind's page begins with."""
    return (HERE / "examples" / f"{kind}.yml").read_text()


def is_stale(path: Path, text: str) -> bool:
    """Whether a page is not there, or says something else than it should."""
    return not path.exists() or path.read_text() != text


def main() -> int:
    """Write what is stale, or with --check only name it. Returns: the exit code, 1 when something stale was left."""
    stale = {path: text for path, text in pages().items() if is_stale(path, text)}
    for path, text in stale.items():
        print(path.relative_to(HERE.parent))
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
