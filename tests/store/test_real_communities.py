from __future__ import annotations

from pathlib import Path

import pytest

from labelaudit_dagster.importers import Community, polis_files, read_export, read_polis
from labelaudit_dagster.store import Database, import_community, load_community


def ccai(root: Path, now) -> Community:
    return read_export((root / "energize" / "export-ccai.json").read_bytes(), now=now)


def vtaiwan(root: Path, now) -> Community:
    files = polis_files(root / "polis-vtaiwan-uberx")
    paths = (files.comments, files.votes, files.participants_votes, files.summary)
    return read_polis(*(path.read_bytes() if path else None for path in paths), now=now)


@pytest.mark.realdata
@pytest.mark.parametrize("read", [ccai, vtaiwan])
def test_real_communities_come_back_as_they_were(db: Database, data_root, now, read) -> None:
    community = read(data_root, now)
    assert len(community.guideline_ratings) > 30_000
    report = import_community(db, community, now=now)
    assert report.ratings.added == len(community.guideline_ratings)
    stored = load_community(db).community
    assert stored.equals(community)
    assert stored.quarantine.equals(community.quarantine)
    assert dict(stored.warnings) == dict(community.warnings)
    again = import_community(db, community, now=now)
    assert not again.altered
    assert again.ratings.unchanged == len(community.guideline_ratings)
