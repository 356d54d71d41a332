"""`labelaudit publish --approve`: with the number of a publication, or without."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labelaudit_dagster.cli import labelaudit
from labelaudit_dagster.commands.publish import WHAT_IS_CURRENT, publish


def asked(home: Path, *arguments: str) -> Result:
    environment = {"LABELAUDIT_HOME": str(home)}
    return CliRunner().invoke(labelaudit, ["publish", *arguments], env=environment)


@pytest.mark.parametrize("number", ["0", "seven", "1.5", ""])
def test_what_is_no_number_is_refused(tmp_path: Path, number: str) -> None:
    result = asked(tmp_path / "home", f"--approve={number}", "--why", "seen")
    assert result.exit_code == 2
    assert "is no number of a publication" in result.output
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--why", "seen", "--approve"], WHAT_IS_CURRENT),
        (["--approve", "--why", "seen"], WHAT_IS_CURRENT),
        (["--approve", "3", "--why", "seen"], 3),
        (["--why", "seen"], None),
    ],
)
def test_the_number_may_be_left_out(arguments: list[str], expected: int | None) -> None:
    parsed = publish.make_context("publish", list(arguments)).params
    assert (parsed["approve"], parsed["why"]) == (expected, "seen")
