"""The client against a real server on loopback that misbehaves as it is told."""

from __future__ import annotations

from typing import Any

import pytest
from platform_exchange import Exchange
from prolific_server import HEADER, SECRETS, ProlificServer, export_of, person

from labelaudit_dagster.importers import DemographicColumns
from labelaudit_dagster.platform_client import (
    BadAnswer,
    DeadlineExceeded,
    Misconfigured,
    PlatformError,
    Rejected,
    Unreachable,
)

COLUMNS = DemographicColumns()
PEOPLE = [person("ann"), person("bob", Age="71", Sex="Male"), person("eve", status="RETURNED")]


def columns_of(**values: str | None) -> dict[str, str | None]:
    found = {
        "Age": "25-34",
        "Sex": "Female",
        "Ethnicity simplified": "White",
        "Country of residence": 'Lemuria, "East" and West',
        "Language": "Klingon",
        "Student status": "No",
        "Employment status": "Full-Time",
    }
    return {**found, **values}


def test_studies_come_page_by_page(
    prolific: ProlificServer, make_client: Any, prolific_key
) -> None:
    prolific.studies = {f"study-{number}": b"" for number in range(5)}
    assert make_client().study_ids() == [f"study-{number}" for number in range(5)]
    assert [r.path for r in prolific.requests] == ["/api/v1/studies/"] * 3
    # The parentheses are as the design has them; the bar has no other spelling in an address.
    assert prolific.requests[0].query == "state=(active%7Ccompleted)"
    assert {r.headers["authorization"] for r in prolific.requests} == {f"Token {prolific_key}"}


def test_there_may_be_no_study(make_client: Any) -> None:
    assert make_client().study_ids() == []


@pytest.mark.parametrize(
    "link",
    [
        "{stranger}/api/v1/studies/?{query}",
        "//{stranger_host}/api/v1/studies/?{query}",
        "https://{own_host}/api/v1/studies/?{query}",
        "http://user@{own_host}/api/v1/studies/?{query}",
        "/api/v1/users/me/?{query}",
        "/api/v1/studies/",
        "/api/v1/studies/../users/?{query}",
        "http://[/?{query}",
    ],
)
def test_a_next_page_elsewhere_gets_no_key(
    prolific: ProlificServer, make_client: Any, stranger: Any, link: str
) -> None:
    prolific.studies = dict.fromkeys("abc", b"")
    hosts = {"stranger_host": stranger.origin[7:], "own_host": prolific.origin[7:]}
    prolific.page_link = lambda query: link.format(query=query, stranger=stranger.origin, **hosts)
    with pytest.raises(BadAnswer, match="next page that is not its own"):
        make_client().study_ids()
    assert stranger.requests == []
    assert len(prolific.requests) == 1


def test_pages_without_end_are_given_up(prolific: ProlificServer, make_client: Any) -> None:
    prolific.studies = dict.fromkeys("abcdef", b"")
    prolific.page_link = lambda _: "/api/v1/studies/?state=(active%7Ccompleted)&page=2"
    with pytest.raises(BadAnswer, match="no end"):
        make_client().study_ids()
    assert len(prolific.requests) == 2


def test_a_relative_link_is_followed(prolific: ProlificServer, make_client: Any) -> None:
    prolific.studies = dict.fromkeys("abc", b"")
    prolific.page_link = lambda query: f"?{query}"
    assert make_client().study_ids() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "no list of studies"),
        (b"[]", "object"),
        (b'{"results": 7}', "no list of studies"),
        (b'{"results": [{"name": "x"}]}', "without a usable id"),
        (b'{"results": [{"id": ".."}]}', "without a usable id"),
        (b'{"results": [{"id": ""}]}', "without a usable id"),
        (b'{"results": ["x"]}', "without a usable id"),
        (b'{"results": [], "next": 7}', "link to the next page"),
        (b"<html>", "JSON"),
    ],
)
def test_a_list_that_is_none_is_refused(
    prolific: ProlificServer, make_client: Any, body: bytes, said: str
) -> None:
    prolific.prepare([lambda exchange: exchange.answer(200, body)] * 3)
    with pytest.raises(BadAnswer, match=said):
        make_client().study_ids()


def test_an_id_is_one_part_of_the_path(prolific: ProlificServer, make_client: Any) -> None:
    prolific.studies = {"a": export_of(PEOPLE)}
    with pytest.raises(Rejected):
        make_client().reduced_export("../../b?c#d/é", COLUMNS)
    assert prolific.requests[0].path == "/api/v1/studies/..%2F..%2Fb%3Fc%23d%2F%C3%A9/export/"


def test_an_export_is_reduced_as_it_comes(prolific: ProlificServer, make_client: Any) -> None:
    prolific.studies = {"s": export_of(PEOPLE)}
    found = make_client().reduced_export("s", COLUMNS)
    assert found.rows == (
        {"Participant id": "ann", **columns_of()},
        {"Participant id": "bob", **columns_of(Age="65+", Sex="Male")},
    )
    assert (found.rows_in, found.dropped) == (3, {"status RETURNED": 1})
    assert not any(secret in repr(found) for secret in SECRETS)


RETRIED = [
    "error_500", "error_503", "reset_before", "close_before", "reset_inside", "cut_length",
    "stall_before", "stall_inside", "chunked_cut", "gzip_cut", "gzip_garbage", "garbage",
    "retry_after_seconds", "busy_503_retry_after", "status_408", "status_425",
]  # fmt: skip


@pytest.mark.parametrize("fault", RETRIED)
def test_what_may_pass_is_tried_again(
    prolific: ProlificServer, make_client: Any, fault: str
) -> None:
    prolific.studies = {"s": export_of(PEOPLE)}
    prolific.faults = {"s": [fault, fault, "ok"]}
    assert len(make_client().reduced_export("s", COLUMNS).rows) == 2
    assert prolific.asked("s") == 3


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status_400", Rejected), ("status_401", Rejected), ("status_403", Rejected),
        ("status_404", Rejected), ("status_409", Rejected), ("html_200", BadAnswer),
        ("json_list", BadAnswer), ("wrong_schema", BadAnswer), ("gzip_bomb", BadAnswer),
        ("endless", BadAnswer), ("redirect_to_stranger", Rejected),
    ],
)  # fmt: skip
def test_what_cannot_pass_is_not(
    prolific: ProlificServer, make_client: Any, stranger: Any, prolific_key, fault: str, kind: Any
) -> None:
    prolific.studies = {"s": export_of(PEOPLE)}
    prolific.faults = {"s": [fault]}
    with pytest.raises(kind) as failed:
        make_client(timeout_seconds=5).reduced_export("s", COLUMNS)
    assert "/api/v1/studies/s/export/" in str(failed.value)
    assert prolific_key not in str(failed.value)
    assert prolific.asked("s") == 1
    assert stranger.requests == []


@pytest.mark.parametrize("fault", ["retry_after_day", "retry_after_date_in_a_day", "slow_drip"])
def test_nobody_is_waited_for_past_the_deadline(
    prolific: ProlificServer, make_client: Any, clock: Any, fault: str
) -> None:
    prolific.studies = {"s": export_of(PEOPLE)}
    prolific.faults = {"s": [fault]}
    with pytest.raises((DeadlineExceeded, Unreachable)):
        make_client().reduced_export("s", COLUMNS)
    assert clock() < 130


def test_a_redirect_at_home_is_followed(prolific: ProlificServer, make_client: Any) -> None:
    prolific.studies = {"s": export_of(PEOPLE)}
    prolific.faults = {"s": ["redirect_home", "ok"]}
    assert len(make_client().reduced_export("s", COLUMNS).rows) == 2


def test_an_export_of_two_gigabytes_is_dropped_at_the_limit(
    prolific: ProlificServer, make_client: Any
) -> None:
    row = export_of([person("x" * 24)]).split(b"\r\n", 1)[1]
    sent: list[int] = []

    def flood(exchange: Exchange) -> None:
        exchange.send(exchange.head(200, {"Content-Length": str(2 * 1024**3)}))
        exchange.send(export_of([]))
        for _ in range(2 * 1024**3 // (1000 * len(row))):
            exchange.send(row * 1000)
            sent.append(1000 * len(row))

    def flood_without_length(exchange: Exchange) -> None:
        exchange.send(exchange.head(200, {}) + export_of([]))
        while not exchange.platform.stopping.is_set():
            exchange.send(row * 1000)
            sent.append(1000 * len(row))

    for step in (flood, flood_without_length):
        prolific.faults = {"s": [step]}
        with pytest.raises(BadAnswer, match="more than 1,048,576 bytes"):
            make_client(timeout_seconds=5).reduced_export("s", COLUMNS)
    assert sum(sent) < 64 * 1024 * 1024


@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_no_message_quotes_an_answer_about_people(
    prolific: ProlificServer, make_client: Any, status: int, caplog
) -> None:
    secret = b"Participant id,Sex\r\nsecret-person,secret-value\r\nsecret,a,b\r\n"
    prolific.faults = {"s": [lambda exchange: exchange.answer(status, secret)]}
    with pytest.raises(PlatformError) as failed:
        make_client().reduced_export("s", COLUMNS)
    chain: BaseException | None = failed.value
    while chain is not None:
        assert "secret" not in repr(chain) + str(chain)
        chain = chain.__cause__ or chain.__context__
    assert "secret" not in caplog.text


def test_our_key_in_an_export_is_refused(
    prolific: ProlificServer, make_client: Any, prolific_key
) -> None:
    prolific.studies = {"s": export_of([person("ann", Language=prolific_key)])}
    with pytest.raises(BadAnswer, match="our own key back") as failed:
        make_client().reduced_export("s", COLUMNS)
    assert prolific_key not in str(failed.value)


def test_a_missing_key_is_named_before_anything_is_sent(
    prolific: ProlificServer, make_client: Any
) -> None:
    for key in (None, "", " \r\n"):
        with pytest.raises(Misconfigured, match="LABELAUDIT_PROLIFIC_API_KEY is not set"):
            make_client(key)
    assert prolific.requests == []


def test_every_column_of_prolific_is_known_to_this_test() -> None:
    assert set(HEADER) == set(person("x"))
