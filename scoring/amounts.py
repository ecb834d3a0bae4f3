"""Amounts as people read them: with their units, and no more digits than tell something."""

UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
SIZES = ("kB", "MB", "GB", "TB")


def duration(seconds: float) -> str:
    """Seconds in their two largest units, as in `8 s`, `2 min 10 s` or `1 h 20 min`."""
    rest = max(0, round(seconds))
    said = []
    for name, length in UNITS:
        count, rest = divmod(rest, length)
        said.append((count, name))
    first = next((at for at, (count, _) in enumerate(said) if count), len(said) - 1)
    return " ".join(f"{count} {name}" for count, name in said[first : first + 2] if count or len(said) == first + 1)


def short_duration(seconds: float) -> str:
    """Seconds as one reads those of a quick thing: `1.2 ms`, `340 ms`, `2.5 s`; from a minute on as duration()."""
    if seconds < 1:
        return f"{_digits(seconds * 1000)} ms"
    return f"{_digits(seconds)} s" if seconds < 60 else duration(seconds)


def rate(per_second: float) -> str:
    """Files in a second, or in a minute or hour where they are few."""
    for unit, length in (("s", 1), ("min", 60)):
        if per_second * length >= 1:
            return f"{_digits(per_second * length)} files/{unit}"
    return f"{_digits(per_second * 3600)} files/h"


def size(count: float) -> str:
    """Bytes, as in `340 MB`; a kB is 1,000 of them."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for name in SIZES:
        count /= 1000
        if count < 1000 or name == SIZES[-1]:
            break
    return f"{_digits(count)} {name}"


def _digits(number: float) -> str:
    """A number with two digits or more: those before the point count."""
    return f"{number:.1f}" if number < 10 else f"{number:,.0f}"
