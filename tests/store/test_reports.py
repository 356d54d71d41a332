from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from labelaudit_dagster.store import (
    Database,
    InvalidNameError,
    InvalidTableError,
    StaleReportError,
    UnknownReportError,
    delete_report,
    has_saved_reports,
    list_changes,
    list_reports,
    list_submissions,
    record_submission,
    report_versions,
    restore_report,
    save_report,
    save_report_list,
)

ONE = {"title": "Topic: 1_a", "evidence": [{"id": 3, "comment": "<b>\x00\ud800"}], "text_entry": ""}
TWO = {"title": "Topic: 2_b", "evidence": [], "text_entry": "why"}


def texts(reports: list[Any]) -> list[Any]:
    return [report.document.get("text_entry") for report in reports]


def test_every_version_is_kept(db: Database, now) -> None:
    first = save_report(db, "u", "m", None, ONE, now=now)
    assert (first.version, first.document, first.is_new) == (1, ONE, True)
    later = now + timedelta(minutes=1)
    second = save_report(db, "u", "m", first.report_id, TWO, expected_version=1, now=later)
    assert (second.report_id, second.version) == (first.report_id, 2)
    assert (second.created_at, second.saved_at) == (now, later)
    assert list_reports(db, "u", "m") == [second]
    versions = report_versions(db, "u", first.report_id)
    assert [(one.version, one.document, one.is_current) for one in versions] == [
        (1, ONE, False), (2, TWO, True)
    ]  # fmt: skip
    before = list_changes(db)
    again = save_report(db, "u", "m", first.report_id, TWO, expected_version=2, now=later)
    assert (again, again.is_new) == (second, False)
    assert list_changes(db) == before


def test_a_stale_save_is_refused_with_the_newer_version(db: Database, now) -> None:
    first = save_report(db, "u", "m", None, ONE, now=now)
    newer = save_report(db, "u", "m", first.report_id, TWO, now=now)
    with pytest.raises(StaleReportError, match="version 2 since version 1") as refused:
        save_report(
            db, "u", "m", first.report_id, ONE | {"text_entry": "mine"}, expected_version=1, now=now
        )
    assert refused.value.current == newer
    with pytest.raises(StaleReportError):
        delete_report(db, "u", first.report_id, expected_version=1, now=now)
    assert list_reports(db, "u") == [newer]


def test_of_two_editors_at_once_one_is_refused(db: Database, now) -> None:
    first = save_report(db, "u", "m", None, ONE, now=now)

    def edit(number: int) -> bool:
        document = ONE | {"text_entry": str(number)}
        try:
            save_report(db, "u", "m", first.report_id, document, expected_version=1, now=now)
        except StaleReportError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(edit, range(6))) == 1
    assert len(report_versions(db, "u", first.report_id)) == 2


def test_reports_belong_to_one_person(db: Database, now) -> None:
    mine = save_report(db, "u", "m", None, ONE, now=now)
    for user, model in (("other", "m"), ("u", "x")):
        with pytest.raises(UnknownReportError):
            save_report(db, user, model, mine.report_id, TWO, now=now)
    with pytest.raises(UnknownReportError):
        delete_report(db, "other", mine.report_id, now=now)
    with pytest.raises(UnknownReportError):
        report_versions(db, "other", mine.report_id)
    assert list_reports(db, "other") == []
    assert list_reports(db, "u", "x") == []


def test_a_deleted_report_can_still_be_read(db: Database, now) -> None:
    report = save_report(db, "u", "m", None, ONE, now=now)
    delete_report(db, "u", report.report_id, expected_version=1, now=now)
    before = list_changes(db)
    delete_report(db, "u", report.report_id, now=now)
    assert (list_reports(db, "u"), list_changes(db)) == ([], before)
    assert before[0].kind == "report_deleted"
    (version,) = report_versions(db, "u", report.report_id)
    assert (version.document, version.is_current) == (ONE, False)
    with pytest.raises(UnknownReportError, match="deleted"):
        save_report(db, "u", "m", report.report_id, TWO, now=now)


def test_an_earlier_version_is_had_again(db: Database, now) -> None:
    first = save_report(db, "u", "m", None, ONE, now=now)
    other = save_report(db, "u", "m", None, TWO, now=now)
    id_ = first.report_id
    save_report(db, "u", "m", id_, TWO, now=now)
    with pytest.raises(StaleReportError):
        restore_report(db, "u", id_, 1, expected_version=1, now=now)
    again = restore_report(db, "u", id_, 1, expected_version=2, now=now)
    assert (again.version, again.document, again.is_current, again.is_new) == (3, ONE, True, True)
    before = list_changes(db)
    assert restore_report(db, "u", id_, 1, now=now).is_new is False
    assert list_changes(db) == before
    # A deleted one comes back, and stands where it stood.
    delete_report(db, "u", id_, now=now)
    back = restore_report(db, "u", id_, 3, expected_version=3, now=now)
    assert (back.version, back.document) == (4, ONE)
    assert [one.report_id for one in list_reports(db, "u", "m")] == [id_, other.report_id]
    for user, report_id, version in (("x", id_, 1), ("u", "0", 1), ("u", id_, 9), ("u", id_, 0)):
        with pytest.raises(UnknownReportError):
            restore_report(db, user, report_id, version, now=now)


def test_a_whole_list_takes_the_place_of_another(db: Database, now) -> None:
    assert not has_saved_reports(db, "u", "m")
    other = save_report(db, "u", "x", None, ONE, now=now)
    first = save_report_list(db, "u", "m", [ONE, TWO, ONE], now=now)
    assert [report.document for report in first] == [ONE, TWO, ONE]
    assert len({report.report_id for report in first}) == 3
    # One by its id, one by its title, a new one, in another order; the third is gone.
    wanted = [
        {"title": "new"},
        TWO | {"text_entry": "because"},
        ONE | {"title": "renamed", "report_id": first[2].report_id},
    ]
    later = now + timedelta(minutes=1)
    second = save_report_list(db, "u", "m", wanted, now=later)
    assert list_reports(db, "u", "m") == second
    assert [report.document.get("title") for report in second] == ["new", "Topic: 2_b", "renamed"]
    assert [report.version for report in second] == [1, 2, 2]
    assert [report.report_id for report in second[1:]] == [first[1].report_id, first[2].report_id]
    assert "report_id" not in second[2].document
    assert [one.document for one in report_versions(db, "u", first[0].report_id)] == [ONE]
    before = list_changes(db)
    again = save_report_list(db, "u", "m", [dict(one.document) for one in second], now=later)
    assert (again, list_changes(db)) == (second, before)
    # Another order alone is saved, and makes no versions.
    turned = save_report_list(db, "u", "m", [dict(o.document) for o in second[::-1]], now=later)
    assert turned == second[::-1] == list_reports(db, "u", "m")
    assert save_report_list(db, "u", "m", [], now=later) == []
    assert (list_reports(db, "u"), has_saved_reports(db, "u", "m")) == ([other], True)


@pytest.mark.parametrize("wrong", [[], None, {"x": float("nan")}, {"x": {1}}, {"x": object()}])
def test_what_is_no_json_object_is_refused(db: Database, now, wrong: Any) -> None:
    with pytest.raises(InvalidTableError):
        save_report(db, "u", "m", None, wrong, now=now)
    with pytest.raises(InvalidTableError):
        save_report_list(db, "u", "m", [ONE, wrong], now=now)
    with pytest.raises(InvalidNameError):
        save_report(db, "", "m", None, ONE, now=now)
    assert list_reports(db, "u") == []
    assert list_changes(db) == []


def test_receipts_tell_what_was_sent(db: Database, now) -> None:
    sent = record_submission(
        db, "u", target="https://avid.example", report_ids=["a"], document={"r": [1, "\x00"]},
        succeeded=True, receipt={"id": 7}, now=now,
    )  # fmt: skip
    failed = record_submission(
        db, "v", target="https://avid.example", report_ids=[], document=[], succeeded=False,
        receipt=None, now=now,
    )  # fmt: skip
    assert list_submissions(db) == [sent, failed]
    assert list_submissions(db, "u") == [sent]
    assert list_changes(db)[0].kind == "submission_recorded"
    with pytest.raises(InvalidTableError, match="strict JSON"):
        record_submission(
            db, "u", target="x", report_ids=[], document={"x": float("inf")}, succeeded=True,
            receipt=None, now=now,
        )  # fmt: skip
