"""Errors as lines for a person: one for each cause, the root first."""

OURS = {"scoring", "blocks", "flows", "deployments"}


def causes(error: BaseException) -> list[str]:
    """What led to an error and the error itself, a line each.

    Errors of ours are sentences that say what another library's error below them means, so that one is left out; of
    other libraries' errors the class is named as well. A cause that the next line repeats is left out.
    """
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        if not (chain and _is_ours(chain[-1]) and not _is_ours(following)):
            chain.append(following)
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)
    lines = [line for each in reversed(chain) for line in _lines(each)]
    return [line for line, after in zip(lines, [*lines[1:], ""], strict=True) if line not in after]


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in OURS


def _lines(error: BaseException) -> list[str]:
    if _is_ours(error):
        return str(error).splitlines()
    if isinstance(error, OSError) and error.strerror:
        return [f"{error.filename}: {error.strerror}" if error.filename else error.strerror]
    said = " ".join(str(error).split())
    return [f"{type(error).__name__}: {said}" if said else type(error).__name__]
