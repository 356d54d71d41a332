"""The group `constitution` on an instance of its own: values, metadata, pictures and checks."""

from __future__ import annotations

import base64
import random
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import orjson
import pytest

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.assets import constitution_assets
from labelaudit_dagster.assets.freshness import freshness_checks
from labelaudit_dagster.assets.jobs import constitution_jobs
from labelaudit_dagster.definitions import build_definitions
from labelaudit_dagster.importers import Community, read_export
from labelaudit_dagster.resources.ratings_source import RatingsSnapshot
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, import_community

PICTURES = {
    "factorization": {"convergence", "starts", "raters"},
    "constitution": {
        "bridging",
        "tests",
        "scores",
        "close to the threshold",
        "over time",
        "nearest to the threshold, over time",
    },
    "uncertainty": {"P(accepted)"},
}
RATERS, GUIDELINES = 30, 10


def community(ratings: list[tuple[str, str, str]] | None = None) -> Community:
    """Return a small community: the first three guidelines please everybody."""
    draw = random.Random(2)
    if ratings is None:
        ratings = [
            (f"u{u}", f"g{g}", "helpful" if draw.random() < share else "not_helpful")
            for u in range(RATERS)
            for g in range(GUIDELINES)
            for share in [0.97 if g < 3 else 0.85 if (u + g) % 2 else 0.15]
        ]
    document = {
        "topics": [],
        "guidelines": [{"id": f"g{g}", "value": f"Guideline {g}"} for g in range(GUIDELINES)],
        "users": [{"id": f"u{u}"} for u in range(RATERS)],
        "ratings": [{"authorId": u, "guidelineId": g, "rating": r} for u, g, r in ratings],
        "mu": 0.0,
    }
    return read_export(orjson.dumps(document), now=datetime.now(UTC))


@dataclass
class Installation:
    """A home with an instance that is forgotten afterwards."""

    settings: Settings
    instance: dg.DagsterInstance

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.settings.resolved_artifacts_url)

    def load(self, content: Community) -> None:
        with Database.open(self.settings.resolved_database_url) as database:
            import_community(database, content, mode="replace", now=datetime.now(UTC))

    def run(self, **ops: dict[str, Any]) -> dg.ExecuteInProcessResult:
        job = build_definitions(self.settings).resolve_job_def("constitution_job")
        return job.execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            run_config={"ops": {name: {"config": config} for name, config in ops.items()}},
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("assets")
    with dg.DagsterInstance.ephemeral() as instance:
        installation = Installation(Settings(home=home, bootstrap_replicates=10), instance)
        installation.load(community())
        yield installation


@pytest.fixture(scope="module")
def result(installed: Installation) -> dg.ExecuteInProcessResult:
    found = installed.run()
    assert found.success, [event.message for event in found.all_events if event.is_failure]
    return found


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    [event] = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return {name: value.value for name, value in event.metadata.items()}


def test_every_asset_was_materialised_once(result: dg.ExecuteInProcessResult):
    keys = [e.asset_key.to_user_string() for e in result.get_asset_materialization_events()]
    assert sorted(keys) == sorted(
        [
            "ratings_export",
            "participants",
            "topics",
            "guidelines",
            "guideline_ratings",
            "quarantine",
            "published_parameters",
            "response_matrix",
            "factorization",
            "constitution",
            "uncertainty",
        ]
    )


@pytest.mark.parametrize(
    ("asset", "rows", "columns"),
    [
        ("participants", RATERS, ["participant_id"]),
        ("guidelines", GUIDELINES, ["guideline_id", "text"]),
        ("topics", 0, ["topic_id", "title"]),
        ("guideline_ratings", RATERS * GUIDELINES, ["participant_id", "guideline_id", "helpful"]),
        ("quarantine", 0, ["table", "row_number", "reason"]),
    ],
)
def test_tables_tell_rows_and_columns(
    result: dg.ExecuteInProcessResult, asset: str, rows: int, columns: list[str]
):
    found = metadata(result, asset)
    assert found["dagster/row_count"] == rows
    names = [column.name for column in found["dagster/column_schema"].columns]
    assert set(columns) <= set(names)
    assert all(column.type for column in found["dagster/column_schema"].columns)
    if asset != "quarantine":
        assert found["rows in"] == found["rows kept"] + found["rows quarantined"] == rows


def test_code_versions_and_lineage_are_recorded(
    installed: Installation, result: dg.ExecuteInProcessResult
):
    specs = {
        spec.key.to_user_string(): spec
        for spec in build_definitions(installed.settings).resolve_all_asset_specs()
    }
    for event in result.get_asset_materialization_events():
        name = event.asset_key.to_user_string()
        ref = installed.store.current(name)
        assert ref is not None
        manifest = installed.store.manifest(ref)
        assert manifest.code_version == specs[name].code_version
        assert manifest.run_id == result.run_id
        assert set(manifest.inputs) == {d.asset_key.to_user_string() for d in specs[name].deps}
        assert metadata(result, name)["labelaudit/version"] == ref.version
        installed.store.verify(ref)
    data_version = metadata(result, "ratings_export")["content hash (sha256)"]
    record = installed.instance.get_latest_materialization_event(dg.AssetKey("ratings_export"))
    assert record is not None
    assert record.asset_materialization is not None
    tags = record.asset_materialization.tags or {}
    assert tags["dagster/data_version"] == data_version


def drawn_pixels(markdown: str) -> np.ndarray:
    """Return the bytes of a picture's rows (filtered, as PNG stores them)."""
    match = re.fullmatch(r"!\[([^\[\]]+)\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert match is not None
    assert len(match[1]) > 10
    png = base64.b64decode(match[2], validate=True)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    place, data = 8, b""
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        [checksum] = struct.unpack(">I", png[place + 8 + length : place + 12 + length])
        assert zlib.crc32(kind + body) == checksum
        data += body if kind == b"IDAT" else b""
        place += length + 12
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, -1)
    assert width >= 300
    assert height >= 100
    return rows


@pytest.mark.parametrize("asset", PICTURES)
def test_pictures_are_pictures(result: dg.ExecuteInProcessResult, asset: str):
    found = metadata(result, asset)
    pictures = {name for name, value in found.items() if str(value).startswith("![")}
    assert pictures == PICTURES[asset]
    for name in pictures:
        rows = drawn_pixels(found[name])
        # Every kind of filter turns an even row into one value.
        drawn = [np.unique(row[1:]).size > 4 for row in rows]
        assert np.mean(drawn) > 0.05, name


def test_people_read_scores_and_reasons(installed: Installation, result: dg.ExecuteInProcessResult):
    found = metadata(result, "constitution")
    assert found["accepted"] + found["rejected"] + found["too few ratings"] == GUIDELINES
    assert found["guidelines by score"].count("\n") >= GUIDELINES
    assert "Guideline 0" in found["guidelines by score"]
    assert found["what changed"] == "This is the first constitution."
    ref = installed.store.current("constitution")
    assert ref is not None
    document = installed.store.load_json(ref, "document")
    assert document["accepted"] == ["g0", "g1", "g2"]
    assert metadata(result, "quarantine")["reasons"] == "Nothing was quarantined."
    assert metadata(result, "uncertainty")["bootstrap replicates"] == 10


def test_checks_passed_and_say_what_they_saw(result: dg.ExecuteInProcessResult):
    checks = {
        f"{e.asset_key.to_user_string()}:{e.check_name}": e
        for e in result.get_asset_check_evaluations()
    }
    assert set(checks) == {
        "guideline_ratings:schema",
        "guideline_ratings:rows_conserved",
        "guideline_ratings:quarantine_share",
        "guideline_ratings:enough_ratings",
        "factorization:converged",
        "constitution:not_empty",
        "constitution:nothing_undecided",
    }
    for name, check in checks.items():
        assert check.passed, name
        assert len(check.description or "") > 10
    conserved = checks["guideline_ratings:rows_conserved"].description or ""
    assert "guideline_ratings: 300 in = 300 kept + 0 quarantined" in conserved
    assert "Optimal to" in (checks["factorization:converged"].description or "")


def outcomes(result: dg.ExecuteInProcessResult) -> tuple[set[str], set[str]]:
    """Return the assets that were materialised, and the checks that did not pass."""
    made = {e.asset_key.to_user_string() for e in result.get_asset_materialization_events()}
    failed = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    return made, failed


def test_solver_that_stops_early_blocks_constitution_and_uncertainty(
    installed: Installation, result: dg.ExecuteInProcessResult
):
    before = installed.store.current("constitution")
    again = installed.run(factorization={"iteration_cap": 3})
    made, failed = outcomes(again)
    assert not again.success
    assert failed == {"converged"}
    assert "factorization" in made
    assert not made & {"constitution", "uncertainty"}
    assert installed.store.current("constitution") == before


@pytest.mark.parametrize(
    ("name", "ratings", "check"),
    [
        ("no rating", [], "enough_ratings"),
        ("most unusable", [("u0", "g0", "helpful"), *[("u1", "g1", "?")] * 3], "quarantine_share"),
    ],
)
def test_unusable_snapshot_blocks_everything_after_the_tables(
    installed: Installation,
    result: dg.ExecuteInProcessResult,
    tmp_path: Path,
    name: str,
    ratings: list[tuple[str, str, str]],
    check: str,
):
    """A platform, unlike an import, can hand over a snapshot that nothing can be made from."""
    body = orjson.dumps(
        {
            "topics": [],
            "guidelines": [{"id": f"g{g}", "value": f"Guideline {g}"} for g in range(2)],
            "users": [{"id": "u0"}, {"id": "u1"}],
            "ratings": [{"authorId": u, "guidelineId": g, "rating": r} for u, g, r in ratings],
            "mu": 0.0,
        }
    )

    class BadPlatform:
        def snapshot(self) -> RatingsSnapshot:
            return RatingsSnapshot(body, "a platform", "0" * 64)

    before = installed.store.current("constitution")
    resources = build_definitions(installed.settings).resources or {}
    job = dg.Definitions(
        assets=constitution_assets(),
        asset_checks=freshness_checks(),
        jobs=constitution_jobs(),
        resources={**resources, "ratings_source": BadPlatform()},
        executor=dg.in_process_executor,
    ).resolve_job_def("constitution_job")
    again = job.execute_in_process(instance=installed.instance, raise_on_error=False)
    made, failed = outcomes(again)
    assert not again.success
    assert check in failed
    assert failed <= {"enough_ratings", "quarantine_share"}
    assert not made & {"response_matrix", "factorization", "constitution", "uncertainty"}
    assert installed.store.current("constitution") == before


def test_impossible_run_configuration_fails_with_its_sentence(
    installed: Installation, result: dg.ExecuteInProcessResult
):
    again = installed.run(factorization={"ndim": 0})
    [failure] = [e for e in again.all_events if e.event_type_value == "STEP_FAILURE"]
    data = failure.step_failure_data
    assert data.user_failure_data is not None
    assert "ndim" in (data.user_failure_data.description or "")


def test_empty_home_names_what_to_do(tmp_path: Path):
    with dg.DagsterInstance.ephemeral() as instance:
        empty = Installation(Settings(home=tmp_path), instance)
        [failure] = [e for e in empty.run().all_events if e.event_type_value == "STEP_FAILURE"]
    data = failure.step_failure_data
    assert data.user_failure_data is not None
    assert "labelaudit import" in (data.user_failure_data.description or "")
