"""The reference page of a kind of YAML: its JSON schema as tables, one for each mapping in it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tables import table

from deployments.declarations.schema import KINDS, SUMMARY, schema_of, schema_of_summary

Schema = dict[str, Any]

HEAD = ("key", "type", "default", "")
ONE = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "time": "date and time",
}
SEVERAL = {"integer": "whole numbers", "number": "numbers", "time": "dates and times"}
PAGES = {kind.__name__: name for name, kind in KINDS.items()}
EDITORS = """\
For an editor that completes and checks this: `batchpoint schema {kind} > {kind}.json`, and
`# yaml-language-server: $schema={kind}.json` as the file's first line. All examples: [examples](../examples).
"""


SUMMARYS = """\
# summary.json

{about}

It lies beside the rows in a job's output folder and is the last file to appear there: an output that has it is whole.
It always has all of these keys. For programs that check it there is a [JSON schema]({schema}), which
`batchpoint schema {kind}` prints too.
"""


def summary_page(schema: str) -> str:
    """The page of a job's summary, whose JSON schema lies in a file of that name."""
    reference = Reference(SUMMARY, schema_of_summary(), shows_defaults=False)
    about = reference.schema["description"].partition(": ")[0]
    introduction = SUMMARYS.format(about=f"{about}. Durations are seconds, times UTC.", schema=schema, kind=SUMMARY)
    return "\n".join([introduction, *reference.sections()])


def page(kind: str, example: str) -> str:
    """The page of one of KINDS, with an example of its YAML."""
    reference = Reference(kind, schema_of(kind))
    sections = [f"# YAML: {kind}\n\n{reference.schema['description']}\n", f"```yaml\n{example}```\n"]
    sections += reference.sections()
    return "\n".join([*sections, EDITORS.format(kind=kind)])


@dataclass
class Reference:
    """The tables of a kind, in the order in which its keys lead to them."""

    kind: str
    schema: Schema
    shows_defaults: bool = True

    def sections(self) -> Iterator[str]:
        """A table of the keys at the root, then one for each mapping below, headed by its path."""
        older = [name for name, each in self.schema["properties"].items() if each.get("deprecated")]
        yield self._table("", self.schema)
        if older:
            yield f"In the older form, without `type`, these keys of `settings` are at the root: {', '.join(older)}.\n"
        yield from self._below("", self.schema)

    def _below(self, path: str, model: Schema) -> Iterator[str]:
        for name, each in model.get("properties", {}).items():
            if each.get("deprecated"):
                continue
            inside = f"{path}.{name}" if path else name
            for title, found in self._mappings(inside, each):
                at, colon, form = title.partition(": ")
                yield f"## `{at}`{colon}{form}\n\n{found['description'].splitlines()[0]}\n"
                yield self._table(at, found)
                yield from self._below(at, found)

    def _table(self, path: str, model: Schema) -> str:
        required = model.get("required", [])
        shown = {name: each for name, each in model["properties"].items() if not each.get("deprecated")}
        rows = ((f"`{name}`", *self._row(path, name, each, name in required)) for name, each in shown.items())
        if not self.shows_defaults:
            return table((*HEAD[:2], HEAD[3]), ((key, kind, said) for key, kind, _, said in rows)) + "\n"
        return table(HEAD, rows) + "\n"

    def _row(self, path: str, name: str, each: Schema, is_required: bool) -> tuple[str, str, str]:
        default = "**required**" if is_required else _default(each.get("default"))
        described = each["description"]
        examples = [_written(example) for example in each.get("examples", [])]
        such_as = [f"`{example}`" for example in examples if example not in described]
        said = f"{described} Such as {', '.join(such_as)}." if such_as else described
        return self._type(f"{path}.{name}" if path else name, each), default, said

    def _type(self, path: str, each: Schema) -> str:
        titles = iter(title for title, _ in self._mappings(path, each))
        said = [self._one(branch, titles) for branch in _branches(each)]
        if not self.shows_defaults and {"type": "null"} in each.get("anyOf", []):
            said.append("null")
        return (", or " if any("," in each for each in said) else " or ").join(dict.fromkeys(said))

    def _one(self, branch: Schema, titles: Iterator[str], words: dict[str, str] = ONE) -> str:
        if name := _named(branch):
            found = self.schema["$defs"][name]
            if "properties" not in found:
                return self._one(found, titles, words)
            return f"[{PAGES[name]}]({PAGES[name]}.md)" if self._has_page(name) else _link(next(titles))
        if values := branch.get("enum", [branch["const"]] if "const" in branch else []):
            return ("one of " if len(values) > 1 else "") + ", ".join(f"`{value}`" for value in values)
        if branch.get("type") == "array":
            return f"list of {self._several(branch['items'], titles)}"
        if branch.get("type") == "object":
            values_of = branch.get("additionalProperties")
            return f"mapping to {self._several(values_of, titles)}" if isinstance(values_of, dict) else "mapping"
        plain = "time" if branch.get("format") == "date-time" else branch["type"]
        return words.get(plain, ONE[plain]) + _limits(branch)

    def _several(self, items: Schema, titles: Iterator[str]) -> str:
        """The type of a list's elements, or of a mapping's values."""
        return ", ".join(self._one(branch, titles, SEVERAL).removeprefix("one of ") for branch in _branches(items))

    def _mappings(self, path: str, each: Schema) -> list[tuple[str, Schema]]:
        """What a key may hold that has keys of its own, and is on no other page: title and schema."""
        inside = [inner for branch in _branches(each) for inner in _held(path, branch)]
        names = {name: at for at, branch in inside if (name := _named(branch)) and not self._has_page(name)}
        models = {name: self.schema["$defs"][name] for name in names}
        found = {name: model for name, model in models.items() if "properties" in model}
        only = len(found) == 1
        return [(names[name] if only else f"{names[name]}: {name.lower()}", model) for name, model in found.items()]

    def _has_page(self, name: str) -> bool:
        return name in PAGES and PAGES[name] != self.kind


def _branches(each: Schema) -> list[Schema]:
    """The forms that a value may have; a key that may be left out also has null, which nobody writes."""
    found: list[Schema] = each.get("anyOf") or each.get("oneOf") or [each]
    return [branch for branch in found if branch.get("type") != "null"]


def _held(path: str, branch: Schema) -> list[tuple[str, Schema]]:
    """The elements of a list, or the values of a mapping whose keys are anybody's; else the form itself."""
    values_of = branch.get("additionalProperties")
    if isinstance(values_of, dict):
        return [(f"{path}.NAME", inner) for inner in _branches(values_of)]
    return [(path, inner) for inner in _branches(branch.get("items", branch))]


def _named(branch: Schema) -> str:
    return str(branch.get("$ref", "")).rpartition("/")[2]


def _limits(branch: Schema) -> str:
    least, most = branch.get("minimum"), branch.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    said = []
    if least is not None:
        said.append(f"at least {least}")
    if (above := branch.get("exclusiveMinimum")) is not None:
        said.append(f"above {above}")
    if most is not None:
        said.append(f"at most {most}")
    return "".join(f", {each}" for each in said)


def _default(value: object) -> str:
    return "" if value is None or value == "" else f"`{_written(value)}`"


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _link(title: str) -> str:
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    return f"[mapping](#{anchor})"
