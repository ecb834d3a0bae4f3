"""`job replay` takes the terminal for itself."""

from deployments.cli.entry import can_be_forked


def test_a_replay_is_not_forked_so_that_ctrl_c_and_a_debugger_find_the_script():
    assert can_be_forked(["job", "show", "-n", "nightly"])
    assert not can_be_forked(["job", "replay", "-n", "nightly"])
