"""What can be said of a scoring script without running it."""

import ast
from pathlib import Path

from scoring.errors import ScriptError


def check_script(path: str | Path) -> None:
    """Refuse a scoring script that could never score.

    Args:
        path: the script's file; it is parsed, never imported.
    Raises: ScriptError, one sentence: the file is missing, is not Python, or defines neither run() nor load().
    Source: azure-ai-ml parses the script at `batch-deployment create`; run() is checked here as well.
    """
    script = Path(path)
    try:
        source = script.read_bytes()
    except OSError as error:
        raise ScriptError(
            f"scoring script {script} cannot be read: {error.strerror}; "
            "code_configuration.scoring_script is a path inside code_configuration.code"
        ) from error
    try:
        tree = ast.parse(source, filename=str(script))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        message = getattr(error, "msg", str(error))
        raise ScriptError(f"{script}:{line or 1}: {type(error).__name__}: {message}") from error
    if not _defines(tree, "run") and not _defines(tree, "load"):
        raise ScriptError(
            f"scoring script {script} has no run(); define run(mini_batch), which is given a list of file paths and "
            "returns a list or a DataFrame, or load(path), which returns a model with predict(batch)"
        )


def _defines(tree: ast.Module, name: str) -> bool:
    """Whether the module may bind `name`: a def, an assignment, or an import, also inside if and try."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if node.name == name:
                    return True
            case ast.Name(id=bound, ctx=ast.Store()):
                if bound == name:
                    return True
            case ast.alias():
                if (node.asname or node.name) in {name, "*"}:
                    return True
    return False
