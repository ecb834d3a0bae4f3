"""Read YAML as the text that was written, with the line of every key.

Values stay text: what becomes a number is decided by the field it is for, so that a version 1.10 is not shortened to
1.1 and a tag `on` does not become true.
"""

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from deployments.declarations.errors import DeclarationError

Lines = dict[tuple[str | int, ...], int]

SCALAR = re.compile(r"[-+]?[0-9][0-9_.eE+-]*|true|false", re.IGNORECASE)
NULL = "tag:yaml.org,2002:null"
MERGE = "tag:yaml.org,2002:merge"


def parse(text: str, name: str) -> tuple[Any, Lines]:
    """The nested dicts, lists, strings and None that YAML says, and the line of each key and element.

    Args:
        text: one YAML document.
        name: what to call it in errors.
    Raises: DeclarationError.
    """
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        raise DeclarationError(f"{place}: this is not YAML: {error.problem or error.context}") from None
    except YAMLError as error:
        raise DeclarationError(f"{name}: this is not YAML: {' '.join(str(error).split())}") from None
    reader = _Reader(name)
    return (reader.value(root, ()) if root is not None else None), reader.lines


def plain(value: Any) -> Any:
    """The same with numbers and truths in place of the text that YAML writes for them, where no field says it."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return YAML(typ="safe", pure=True).load(value) if isinstance(value, str) and SCALAR.fullmatch(value) else value


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: Lines = {}
        self._open: list[Node] = []

    def value(self, node: Node, path: tuple[str | int, ...]) -> Any:
        if any(node is parent for parent in self._open):
            raise DeclarationError(f"{self.name}:{_line(node)}: an alias here holds itself; write the value out")
        self._open.append(node)
        try:
            return self._value(node, path)
        finally:
            self._open.pop()

    def _value(self, node: Node, path: tuple[str | int, ...]) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            for index, element in enumerate(node.value):
                self.lines[*path, index] = _line(element)
            return [self.value(element, (*path, index)) for index, element in enumerate(node.value)]
        return None if str(node.tag) == NULL else node.value

    def _mapping(self, node: MappingNode, path: tuple[str | int, ...]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key, value in node.value:
            if str(key.tag) == MERGE:
                for merged in _merged(value):
                    read = self.value(merged, path) | read
        own: set[str] = set()
        for key, value in node.value:
            if str(key.tag) == MERGE:
                continue
            if not isinstance(key, ScalarNode):
                raise DeclarationError(f"{self.name}:{_line(key)}: a key must be a word, not a list or a mapping")
            if key.value in own:
                raise DeclarationError(f"{self.name}:{_line(key)}: {key.value} is given twice; keep one")
            own.add(key.value)
            self.lines[*path, key.value] = _line(key)
            read[key.value] = self.value(value, (*path, key.value))
        return read


def _merged(node: Node) -> Iterator[Node]:
    """The mappings that `<<` names, the one that wins last."""
    yield from reversed(node.value) if isinstance(node, SequenceNode) else [node]


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
