"""`labelaudit publish --approve`, with the number of a publication or without, and `--decline`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labelaudit_dagster.cli import labelaudit
from labelaudit_dagster.commands.publish import WHAT_IS_CURRENT, publish
from labelaudit_dagster.store import Database, hold_publication, sqlite_url


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


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A home in which publication 1 is held."""
    home = tmp_path / "home"
    home.mkdir()
    with Database.open(sqlite_url(home / "labelaudit.db")) as database:
        now = datetime(2026, 3, 1, tzinfo=UTC)
        hold_publication(database, {"mu": 0.5}, because=["Much changed."], now=now)
    return home


def test_declining_needs_no_run(held: Path) -> None:
    result = asked(held, "--decline", "1", "--why", "too soon", "--by", "Ada", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["state"], told["declined_by"], told["declined_why"]) == ("held", "Ada", "too soon")
    assert told["declined_at"]
    assert not (held / "dagster").exists()
    again = asked(held, "--decline", "1", "--why", "too soon", "--by", "Bob")
    assert again.exit_code == 1
    assert "was declined already, by Ada. Nothing was changed." in str(again.exception)


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["--decline", "7", "--why", "no"], 1, "There is no publication 7"),
        (["--decline", "0", "--why", "no"], 2, "--decline"),
        (["--decline", "1"], 2, "--decline needs a reason"),
        (["--decline", "1", "--why", " "], 2, "--decline needs a reason"),
        (["--decline", "1", "--approve", "1", "--why", "no"], 2, "stands alone"),
        (["--decline", "1", "--dry-run", "--why", "no"], 2, "stands alone"),
        (["--why", "no"], 2, "belong to --approve or --decline"),
    ],
)
def test_what_cannot_be_declined(held: Path, arguments: list[str], code: int, problem: str) -> None:
    result = asked(held, *arguments)
    assert result.exit_code == code
    assert problem in result.output + str(result.exception)
