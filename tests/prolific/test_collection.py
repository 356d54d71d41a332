"""Collecting: each content once, one failing study alone, nothing but the allowed columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from platform_server import PlatformServer
from prolific_server import HEADER, SECRETS, ProlificServer, export_of, person

from labelaudit_dagster.demographics_collection import CollectionOutcome, collect_demographics
from labelaudit_dagster.importers import DemographicColumns
from labelaudit_dagster.platform_client import PlatformError
from labelaudit_dagster.resources.demographics import EmbeddedDemographics, PlatformDemographics
from labelaudit_dagster.store import (
    Database,
    failed_studies,
    forget_person,
    latest_demographics,
    list_sendings,
    participant_attributes,
    sqlite_url,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = export_of([person("ann"), person("bob", Age="71")])
B = export_of([person("ann"), person("bob", Age="71"), person("cem", Sex="Male")])
C = export_of([person("dora")])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(sqlite_url(tmp_path / "labelaudit.db")) as opened:
        yield opened


Collect = Callable[..., CollectionOutcome]


@pytest.fixture
def collect(database: Database, make_client: Any, platform_client: Any) -> Collect:
    def run(
        *, to_platform: bool = True, days: int = 0, columns: str | None = None, **options: Any
    ) -> CollectionOutcome:
        target = PlatformDemographics(platform_client) if to_platform else EmbeddedDemographics()
        allowed = DemographicColumns() if columns is None else DemographicColumns.parse(columns)
        return collect_demographics(
            make_client(attempts=1), database, target, allowed,
            now=NOW + timedelta(days=days), **options,
        )  # fmt: skip

    return run


def states(outcome: CollectionOutcome) -> dict[str, str]:
    return {study.study_id: study.state for study in outcome.studies}


def posted(platform: PlatformServer) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in platform.applied]


def test_each_content_is_sent_once(
    prolific: ProlificServer, platform: PlatformServer, database: Database, collect: Collect
) -> None:
    prolific.studies = {"s1": A, "s2": C}
    assert states(collect()) == {"s1": "sent", "s2": "sent"}
    assert states(collect(days=1)) == {"s1": "unchanged", "s2": "unchanged"}
    # Another order of rows and columns, other spellings: the same content.
    turned = export_of([person("bob", Age="72"), person("ann")], header=reversed(HEADER), end="\n")
    assert turned.count(b"Participant id") == 1
    prolific.studies["s1"] = b"\xef\xbb\xbf" + turned.replace(b"Participant id", b"participant_id")
    assert states(collect(days=2)) == {"s1": "unchanged", "s2": "unchanged"}
    for day, content in enumerate((B, A), start=3):
        prolific.studies["s1"] = content
        assert states(collect(days=day)) == {"s1": "sent", "s2": "unchanged"}
    assert platform.conflicts == []
    assert [list(body["studyIdToDemoData"]) for body in posted(platform)] == [
        ["s1"], ["s2"], ["s1"], ["s1"],
    ]  # fmt: skip
    assert len({post.key for post in platform.applied}) == 4
    assert posted(platform)[0] == posted(platform)[3]
    assert set(latest_demographics(database)) == {"s1", "s2"}


def test_nothing_but_the_allowed_columns_is_kept_or_sent(
    prolific: ProlificServer, platform: PlatformServer, database: Database, collect: Collect,
    tmp_path: Path, caplog,
) -> None:  # fmt: skip
    prolific.studies = {"s1": A}
    outcome = collect(columns="sex, Employment  status")
    assert posted(platform)[0]["studyIdToDemoData"]["s1"][0] == {
        "Participant id": "ann", "sex": "Female", "Employment status": "Full-Time",
    }  # fmt: skip
    database.close()
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (*SECRETS, "Klingon", "Lemuria"):
        assert secret not in platform.applied[0].body.decode() + repr(outcome) + caplog.text
        assert secret.encode() not in everything


def test_one_failing_study_leaves_the_others_and_is_sent_later(
    prolific: ProlificServer, platform: PlatformServer, database: Database, collect: Collect
) -> None:
    prolific.studies = {"s1": A, "broken": B, "s3": C}
    prolific.faults = {"broken": ["error_500"]}
    outcome = collect()
    assert states(outcome) == {"s1": "sent", "broken": "failed", "s3": "sent"}
    assert "studies/broken/export/ was answered with HTTP 500" in str(outcome.failed[0].problem)
    assert "1 of 3 studies failed" in str(outcome.failure_sentence())
    (failure,) = failed_studies(database, target=platform.url)
    assert (failure.study_id, failure.since) == ("broken", NOW)
    # It is asked for again even when Prolific does not list it any more.
    kept = prolific.studies
    prolific.studies = {"s1": A}
    assert states(collect(days=1)) == {"s1": "unchanged", "broken": "failed"}
    prolific.faults, prolific.studies = {}, kept
    assert states(collect(days=2)) == {"s1": "unchanged", "broken": "sent", "s3": "unchanged"}
    assert failed_studies(database, target=platform.url) == []
    assert len(platform.applied) == 3


FAILING = [
    "error_500", "status_401", "status_403", "status_404", "retry_after_day", "slow_drip",
    "cut_length", "gzip_cut", "html_200", "json_list", "redirect_to_stranger", "stall_inside",
    "gzip_bomb", "garbage",
]  # fmt: skip


def test_every_fault_of_a_study_is_its_own(
    prolific: ProlificServer, platform: PlatformServer, collect: Collect
) -> None:
    prolific.studies = {"first": A} | dict.fromkeys(FAILING, B) | {"last": C}
    prolific.faults = {fault: [fault] for fault in FAILING}
    outcome = collect()
    assert states(outcome) == (
        {"first": "sent"} | dict.fromkeys(FAILING, "failed") | {"last": "sent"}
    )
    assert all(study.problem for study in outcome.failed)
    assert [list(body["studyIdToDemoData"]) for body in posted(platform)] == [["first"], ["last"]]


def test_a_platform_that_fails_gets_the_same_key_again(
    prolific: ProlificServer, platform: PlatformServer, database: Database, collect: Collect
) -> None:
    prolific.studies = {"s1": A, "s2": C}
    platform.prepare(["lost_reply", "status_422"])
    assert states(collect()) == {"s1": "failed", "s2": "failed"}
    # What was refused is not shown as known here either.
    assert participant_attributes(database) == {}
    assert states(collect(days=1)) == {"s1": "sent", "s2": "sent"}
    keys = [request.headers["idempotency-key"] for request in platform.requests]
    assert keys[:2] == keys[2:]
    assert len(platform.applied) == 2
    assert [sending.sequence for sending in list_sendings(database)] == [2, 1]
    assert set(participant_attributes(database)) == {"ann", "bob", "dora"}


def test_what_was_lost_between_two_contents_is_three_sendings(
    prolific: ProlificServer, platform: PlatformServer, collect: Collect
) -> None:
    prolific.studies = {"s1": A}
    collect()
    platform.prepare(["lost_reply"])
    prolific.studies = {"s1": B}
    assert states(collect(days=1)) == {"s1": "failed"}
    prolific.studies = {"s1": A}
    assert states(collect(days=2)) == {"s1": "sent"}
    # B may have arrived, so A is said once more.
    assert [len(body["studyIdToDemoData"]["s1"]) for body in posted(platform)] == [3, 2]


def test_a_platform_that_echoes_people_is_not_quoted(
    prolific: ProlificServer, platform: PlatformServer, collect: Collect, platform_key
) -> None:
    prolific.studies = {"s1": A}

    def echo(exchange: Any) -> None:
        exchange.answer(422, exchange.request.body)

    platform.prepare([echo])
    (failed,) = collect().failed
    assert "HTTP 422" in str(failed.problem)
    assert "ann" not in str(failed.problem).replace("cannot", "")
    assert "Female" not in str(failed.problem)
    assert platform_key not in str(failed.problem)


def test_studies_without_people(
    prolific: ProlificServer, platform: PlatformServer, collect: Collect
) -> None:
    prolific.studies = {"header": export_of([]), "nothing": b"", "left": A}
    assert states(collect()) == {"header": "empty", "nothing": "empty", "left": "sent"}
    # Everybody took their submission back: the platform is told.
    returned = [person("ann", status="RETURNED"), person("bob", status="TIMED-OUT")]
    prolific.studies["left"] = export_of(returned)
    outcome = collect(days=1)
    assert states(outcome)["left"] == "sent"
    assert outcome.studies[2].dropped == {"status RETURNED": 1, "status TIMED-OUT": 1}
    assert posted(platform)[-1] == {"studyIdToDemoData": {"left": []}}
    assert states(collect(days=2))["left"] == "unchanged"


@pytest.mark.parametrize("content", [b"", export_of([])])
def test_submissions_do_not_vanish(
    prolific: ProlificServer, platform: PlatformServer, collect: Collect, content: bytes
) -> None:
    prolific.studies = {"s1": A}
    collect()
    prolific.studies = {"s1": content}
    (failed,) = collect(days=1).failed
    assert "2 people were sent before" in str(failed.problem)
    assert len(platform.applied) == 1


def test_a_dry_run_stores_and_sends_nothing(
    prolific: ProlificServer, platform: PlatformServer, database: Database, collect: Collect
) -> None:
    prolific.studies = {"s1": A, "broken": B}
    prolific.faults = {"broken": ["error_500"]}
    assert states(collect(dry_run=True)) == {"s1": "would_send", "broken": "failed"}
    assert platform.requests == []
    assert list_sendings(database) == failed_studies(database, target=platform.url) == []
    assert latest_demographics(database) == {}


def test_a_list_that_does_not_come_fails_everything(
    prolific: ProlificServer, platform: PlatformServer, collect: Collect
) -> None:
    prolific.prepare(["status_401"])
    with pytest.raises(PlatformError, match="LABELAUDIT_PROLIFIC_API_KEY"):
        collect()
    assert platform.requests == []


def test_the_embedded_platform_takes_them_without_http(
    prolific: ProlificServer, database: Database, collect: Collect
) -> None:
    prolific.studies = {"s1": A, "s2": C}
    assert states(collect(to_platform=False)) == {"s1": "sent", "s2": "sent"}
    assert states(collect(to_platform=False, days=1)) == {"s1": "unchanged", "s2": "unchanged"}
    for content in (B, A, B):
        prolific.studies["s1"] = content
        assert states(collect(to_platform=False, days=2))["s1"] == "sent"
    assert len(latest_demographics(database)["s1"]) == 3
    assert participant_attributes(database)["bob"]["Age"] == "65+"


def test_who_was_forgotten_stays_forgotten(
    prolific: ProlificServer, database: Database, collect: Collect
) -> None:
    prolific.studies = {"s1": A, "s2": C}
    collect(to_platform=False)
    assert forget_person(database, "ann", NOW).demographics == 1
    assert states(collect(to_platform=False, days=1)) == {"s1": "unchanged", "s2": "unchanged"}
    assert set(participant_attributes(database)) == {"bob", "dora"}
