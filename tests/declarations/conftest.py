"""Writes declarations, and reads what is wrong with them."""

import pytest

from deployments.declarations import DeclarationError, declare, read


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a YAML file and gives it back read; the file's name in errors is spec.yml."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "spec.yml").write_text(text)
        return read("spec.yml")

    return write


@pytest.fixture
def problems():
    """Declares what cannot be; gives the sentences."""

    def declared(kind, document):
        with pytest.raises(DeclarationError) as caught:
            declare(kind, document)
        return list(caught.value.problems)

    return declared
