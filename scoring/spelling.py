"""Numbers as people read them: with their units, thousands apart, and no more digits than they need."""

from pydantic import ByteSize


def count(number: float) -> str:
    """A whole number, its thousands apart."""
    return f"{number:,.0f}"


def counted(number: int, thing: str, things: str | None = None) -> str:
    """So many things: 1 file, 2 files, 1,000 files."""
    return f"{count(number)} {thing if number == 1 else things or f'{thing}s'}"


def seconds(duration: float) -> str:
    """A duration: 0.4 ms, 230 ms, 2.35 s, 12.4 s, 12 min 4 s, 3 h 5 min."""
    if duration < 1e-6:
        return "0 ms"
    if duration < 0.9995:
        return f"{_digits(duration * 1000)} ms"
    if duration < 119.5:
        return f"{_digits(duration)} s"
    whole = round(duration)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(duration / 60)
    return f"{minutes // 60:,} h {minutes % 60} min"


def lasting(duration: float) -> str:
    """A duration that goes on, to the second: 8 s, 2 min 10 s, 1 h 20 min, 2 d 3 h."""
    rest = max(0, round(duration))
    said: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, length)
        if number or said or unit == "s":
            said.append(f"{number} {unit}")
    return " ".join(part for part in said[:2] if not part.startswith("0 ") or len(said) == 1)


def pace(number: float) -> str:
    """Files a second as a speed: 40 files/s, 2.5 files/s; in a minute or an hour where they are few."""
    for unit, length in (("s", 1), ("min", 60), ("h", 3600)):
        files = number * length
        if files >= 1 or unit == "h":
            break
    return f"{files:.2g} files/{unit}" if files < 9.95 else f"{count(files)} files/{unit}"


def moment(duration: float) -> str:
    """A round duration, as an axis has it: 0, 500 ms, 1.5 s, 20 s, 2 min."""
    if duration <= 0:
        return "0"
    text, _, unit = seconds(duration).partition(" ")
    number = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{number} {unit}".removesuffix(" 0 s").removesuffix(" 0 min")


def size(number: float) -> str:
    """Bytes: 812 B, 1.4 MB, 2.0 GB."""
    return (
        "0 B" if number < 1 else ByteSize(int(number)).human_readable(decimal=True, separator=" ").replace(".0 B", " B")
    )


def share(part: float) -> str:
    """A share of 1 in percent: 0.4 %, 12 %, 100 %, and never 100 % of what is not all."""
    percent = part * 100
    if 0 < percent < 9.95 or 99 <= percent < 100:
        return f"{min(percent, 99.9):.1f} %"
    return f"{percent:.0f} %"


def rate(number: float) -> str:
    """Files a second: 0.12, 8.4, 1,234."""
    return f"{number:.2g}" if number < 1 else f"{number:.1f}" if number < 100 else count(number)


def plain(number: float) -> str:
    """A value that has no unit: 0.01234, 12.34, 12,300, 1.2e+09."""
    if number == int(number) and abs(number) < 1e9:
        return f"{number:,.0f}"
    return f"{number:,.0f}" if 1000 <= abs(number) < 1e9 else f"{number:.4g}"


def _digits(number: float) -> str:
    if number >= 99.95 or number == 0:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}" if number >= 0.995 else f"{number:.2g}"
