"""Returns rows whose columns and number the files' names tell, none for some. Raises over a bad file."""

import os


def run(mini_batch):
    rows = []
    for path in mini_batch:
        number, _, column = os.path.basename(path).partition("-")
        if column == "bad":
            raise ValueError("bad")
        rows += [{"file": number, column: f"{number},\n{repeat}"} for repeat in range(int(number) % 3)]
    return rows
