"""Killed at any step, the store is whole: what was acknowledged is there, the rest can be
sent again."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def facts(tmp_path_factory) -> list[dict]:
    """One line for every step at which the process was killed."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.store.killed", str(tmp_path_factory.mktemp("killed"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_the_process_was_killed_at_every_kind_of_step(facts):
    steps = {fact["step"] for fact in facts}
    for step in ("fsync", "replace", "mkdir", "open", "INSERT INTO images", "BEGIN IMMEDIATE"):
        assert any(step in said for said in steps), step
    assert "before COMMIT" in steps
    assert facts[-1]["step"] == "acknowledged"
    assert len(facts) > 40


def test_the_store_is_sound_after_every_kill(facts):
    assert [fact for fact in facts if not fact["sound"]] == []


def test_an_image_is_there_with_all_its_rows_or_with_none(facts):
    for fact in facts:
        whole = (True, 2, "urgent", 1)
        none = (False, 1, "routine", 0)
        found = (fact["kept"], fact["images"], fact["priority"], fact["audited"])
        assert found in (whole, none), fact
    assert {fact["kept"] for fact in facts if not fact["acknowledged"]} == {True, False}


def test_what_was_acknowledged_is_there(facts):
    acknowledged = [fact for fact in facts if fact["acknowledged"]]
    assert acknowledged
    assert all(fact["kept"] for fact in acknowledged)


def test_sending_it_again_gives_the_same_result_once(facts):
    assert len({fact["id"] for fact in facts}) == 1
    for fact in facts:
        assert fact["made_again"] is not fact["kept"]
        assert fact["file"]
        assert fact["sound_after"]
        assert fact["after"] == [2, "urgent", 1]
