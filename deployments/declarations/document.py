"""A declaration as it was written, before it is held against its kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from deployments.declarations.errors import DeclarationError
from deployments.declarations.yaml import parse

Keys = tuple[str | int, ...]


@dataclass
class Document:
    """Nested dicts, lists and text, with the place each was written at.

    Attributes:
        data: what was written; a key without a value is not in it.
        folder: where relative paths begin.
        name: the file as the user named it; empty when there is none.
        places: for paths of keys, the file and line or the flag.
    """

    data: dict[str, Any] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    name: str = ""
    places: dict[Keys, str] = field(default_factory=dict)

    def place(self, path: Keys) -> str:
        """Where to look for what is at `path`, or, when it was not written, for what holds it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.name)

    def get(self, path: Keys) -> Any:
        """What is at `path`; None when nothing is."""
        value: Any = self.data
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def put(self, path: Keys, value: object, place: str) -> None:
        """Set what is at `path`; None takes it away.

        Raises: DeclarationError when what is in the way is no mapping, such as a reference.
        """
        holder = self.data
        for depth, step in enumerate(path[:-1], 1):
            below = holder.setdefault(str(step), {})
            if not isinstance(below, dict):
                raise _nothing_below(path[:depth], below, place)
            self.places.setdefault(path[:depth], place)
            holder = below
        if value is None:
            holder.pop(str(path[-1]), None)
        else:
            holder[str(path[-1])] = value
        self.places[path] = place

    def take(self, path: Keys) -> Any:
        """Remove what is at `path`, and say what it was."""
        holder = self.get(path[:-1])
        return holder.pop(path[-1], None) if isinstance(holder, dict) else None

    def move(self, path: Keys, to: Keys) -> None:
        """Have what is at `path` at another path, as if it had been written there."""
        place = self.place(path)
        self.put(to, self.take(path), place)

    def splice(self, path: Keys, other: "Document") -> None:
        """Have another document's content at `path`, with the places it was written at."""
        self.put(path, other.data, other.name)
        self.places |= {(*path, *keys): place for keys, place in other.places.items()}

    def overlay(self, other: "Document") -> None:
        """Take every key that `other` has at its top, in place of what was there."""
        self.data |= other.data
        self.places |= other.places
        self.folder, self.name = other.folder, other.name

    def override(self, assignment: str) -> None:
        """Apply one `--set a.b=c`. Values are text, `{...}` and `[...]` are YAML, nothing or null removes.

        Raises: DeclarationError.
        """
        place = f"--set {assignment}"
        self.put(*_assigned(assignment, place, "--set", "settings.mini_batch_size=20"), place)

    def put_pairs(self, path: Keys, pairs: Sequence[str], flag: str) -> None:
        """Set keys below `path`, each written as KEY=VALUE behind a flag.

        Raises: DeclarationError.
        """
        place = f"{flag} {' '.join(pairs)}"
        for pair in pairs:
            keys, value = _assigned(pair, place, flag, "owner=me")
            self.put((*path, *keys), value, place)

    def add(self, words: Sequence[str]) -> None:
        """Apply one `--add`: to a mapping keys and values, as in `tags owner=me team=vision`; to a list elements.

        Raises: DeclarationError.
        """
        place = f"--add {' '.join(words)}"
        if len(words) < 2:
            raise DeclarationError(f"{place}: write --add KEY VALUE, for example --add tags owner=me")
        path = tuple(words[0].split("."))
        there = self.get(path)
        if isinstance(there, list):
            self.put(path, [*there, *(_value(word, place) for word in words[1:])], place)
        else:
            self.put_pairs(path, words[1:], f"--add {words[0]}")

    def remove(self, words: Sequence[str]) -> None:
        """Apply one `--remove`: of a key, as in `tags.owner`, or of an element of a list by its number from 0.

        Raises: DeclarationError, also when nothing is there.
        """
        place = f"--remove {' '.join(words)}"
        path = tuple(words[0].split(".")) if words else ()
        there = self.get(path)
        number = words[1] if len(words) == 2 else ""
        if len(words) == 1 and there is not None:
            self.take(path)
        elif isinstance(there, list) and number.isdecimal() and int(number) < len(there):
            self.put(path, [each for index, each in enumerate(there) if index != int(number)], place)
        else:
            raise DeclarationError(f"{place}: there is no such key; write one that `show` prints, such as tags.owner")


def _assigned(assignment: str, place: str, flag: str, example: str) -> tuple[Keys, Any]:
    path, equals, text = assignment.partition("=")
    keys = tuple(path.strip().split("."))
    if not equals or not all(keys):
        raise DeclarationError(f"{place}: write {flag} KEY=VALUE, for example {flag} {example}")
    return keys, _value(text, place)


def _value(text: str, place: str) -> Any:
    if text.startswith(("{", "[")):
        return _pruned(parse(text, place)[0])
    return None if text in {"", "null", "~"} else text


def read(file: str | Path | None) -> Document:
    """The YAML file as a document; an empty document when there is no file.

    Raises: DeclarationError when it cannot be read, is not YAML, or is not a mapping.
    """
    if file is None:
        return Document()
    path, name = Path(file), str(file)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DeclarationError(f"{name}: cannot be read: {error.strerror}; give the path of a YAML file") from error
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{name}: is not UTF-8 text at byte {error.start}; save it as UTF-8") from error
    data, lines = parse(text, name)
    if not isinstance(data, dict):
        raise DeclarationError(f"{name}: must be a mapping of keys to values, such as `name: mnist-batch`")
    places = {keys: f"{name}:{line}" for keys, line in lines.items()}
    return Document(_pruned(data), path.absolute().parent, name, places)


def document_of(spec: BaseModel) -> Document:
    """What is registered, as a document that overrides can be applied to."""
    return Document(_pruned(spec.model_dump(mode="json")))


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_pruned(inner) for inner in value]
    return value


def _nothing_below(path: Keys, value: object, place: str) -> DeclarationError:
    name = ".".join(str(step) for step in path)
    return DeclarationError(f"{place}: {name} is {value!r}, which has nothing below it; set {name} itself")
