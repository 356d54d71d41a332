"""A dry run says what publishing would do, and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_constitutions import APPROVAL, Desk
from platform_server import PlatformServer

from labelaudit_dagster.platform_client import PlatformError
from labelaudit_dagster.publishing import Approval


def contents(desk: Desk, folder: Path) -> dict[str, Any]:
    """Return every row of the database and every byte of the store."""
    with desk.database.read() as connection:
        dump = list(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # SQLite is open
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {"rows": dump, "files": files}


@pytest.mark.parametrize("approval", [None, APPROVAL])
def test_a_dry_run_changes_nothing(
    desk: Desk, platform: PlatformServer, tmp_path: Path, approval: Approval | None
) -> None:
    def judged() -> str:
        before = contents(desk, tmp_path / "artifacts")
        outcome = desk.publish(dry_run=True, approval=approval)
        assert contents(desk, tmp_path / "artifacts") == before
        return outcome.state

    desk.make("abc")
    assert judged() == "would_send"
    desk.publish()
    assert judged() == "unchanged"
    desk.make("abd")
    expected = "held" if approval is None else "would_send"
    assert judged() == expected
    desk.publish()
    assert judged() == expected  # the same where it is held already
    assert len(platform.requests) == 1


def test_a_dry_run_knows_that_what_was_begun_is_finished(
    desk: Desk, platform: PlatformServer
) -> None:
    desk.make("abc")
    desk.publish()
    platform.prepare(["lost_reply"])
    desk.make("abd")
    with pytest.raises(PlatformError) as failure:
        desk.publish(churn_limit=1.0)
    assert failure.value.may_have_been_applied
    # The limit is lowered, but the constitution may be there already.
    assert desk.publish(dry_run=True, churn_limit=0.0).state == "would_send"
    finished = desk.publish(churn_limit=0.0)
    assert (finished.state, finished.sequence) == ("sent", 2)
    assert len(platform.requests) == 2
    assert len(platform.applied) == 1
