"""Reports the values that its job gave it: as attributes, and as environment variables."""

import os


def run(mini_batch, context):
    attributes = {name: getattr(context, name) for name in ("text", "whole", "number", "truth")}
    variables = {f"{name}_variable": os.environ[name] for name in attributes}
    return [{**attributes, **variables, "colour": os.environ["COLOUR"]} for _ in mini_batch]
