"""Hooks from the command line: the secret is shown once, and what cannot be is refused with a sentence."""

import pytest

OUT = ("--direction", "out", "--url", "https://example.com/word")


@pytest.fixture
def endpoint(done):
    done("batch-endpoint", "create", "-n", "mnist")


@pytest.mark.usefixtures("endpoint")
def test_a_secret_is_shown_when_a_hook_is_made_and_never_again(done, session):
    made = done("hook", "create", "-n", "word", "-e", "mnist", *OUT)
    assert made["secret"].startswith("whsec_")
    assert "window" not in made
    assert session.store.secrets.read("hook-word") == made["secret"]
    assert "secret" not in done("hook", "create", "-n", "word", "-e", "mnist", *OUT, "--set", "states=[failed]")
    for shown in (done("hook", "show", "-n", "word"), *done("hook", "list")):
        assert "secret" not in shown
        assert shown["states"] == ["failed"]
    assert list(session.launcher.hooks) == ["word"]
    done("hook", "delete", "-n", "word", "--yes")
    assert session.launcher.hooks == {}


@pytest.mark.usefixtures("endpoint")
def test_a_secret_of_ones_own_comes_from_a_file_or_from_standard_input(done, session, tmp_path):
    own = "whsec_" + "QUJD" * 10
    (tmp_path / "secret").write_text(f"{own}\n")
    create = ("hook", "create", "-n", "word", "-e", "mnist", *OUT, "--secret-file")
    assert "secret" not in done(*create, tmp_path / "secret")
    assert session.store.secrets.read("hook-word") == own
    done(*create, "-", input="RUZH" * 10)
    assert session.store.secrets.read("hook-word") == "whsec_" + "RUZH" * 10


@pytest.mark.usefixtures("endpoint")
def test_an_endpoint_takes_its_hooks_and_their_secrets_with_it(done, session):
    done("hook", "create", "-n", "word", "-e", "mnist", *OUT)
    done("batch-endpoint", "delete", "-n", "mnist", "--yes")
    assert done("hook", "list") == []
    assert session.store.secrets.read("hook-word") is None
    assert session.launcher.hooks == {}


REFUSED = {
    ("-n", "a", "-e", "nobody", *OUT): "no endpoint 'nobody' is registered",
    ("-n", "a", "-e", "mnist"): "endpoint 'mnist' has no deployment",
    ("-n", "a", "-e", "mnist", "--direction", "out"): "url is missing",
    ("-n", "a", "-e", "mnist", "--url", "https://example.com"): "a hook of direction in has no url",
    ("-n", "a", "-e", "mnist", *OUT, "--window", "5"): "a hook of direction out has no window",
    ("-n", "a", "-e", "mnist", "--direction", "out", "--url", "ftp://example.com"): "it must be http or https",
    (
        "-n",
        "a",
        "-e",
        "mnist",
        "--direction",
        "out",
        "--url",
        "https://me:pw@x.com",
    ): "url has a user or a password",
    ("-n", "a", "-e", "mnist", *OUT, "--set", "states=[done]"): "states.0",
    ("-n", "a", "-e", "mnist", "--window", "-1"): "window",
    ("-n", "a", "-e", "mnist", *OUT, "--secret-file", "-"): "openssl rand -base64 32",
}


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("typed", REFUSED, ids=REFUSED.values())
def test_what_is_no_hook_is_refused_with_a_sentence_and_leaves_nothing(refused, session, typed):
    said = " ".join(refused("hook", "create", *typed, input="hunter2"))
    assert REFUSED[typed] in said
    assert "hunter2" not in said
    assert session.launcher.hooks == {}
    assert session.store.secrets.read("hook-a") is None
