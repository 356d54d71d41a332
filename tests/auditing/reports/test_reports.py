"""Reports: when they are complete, what survives storing, and AVID's form."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from labelaudit_dagster.auditing.reports import (
    SEP_CATEGORIES,
    AuditReport,
    AvidCredit,
    Evidence,
    avid_document,
    contract_evidence,
)

SCHEMA = json.loads((Path(__file__).parent / "avid_report_schema.json").read_text("utf-8"))
AVID = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
ROW = {
    "id": 12,
    "comment": "what a boss",
    "topic": "0_squad_boss_raid_loot",
    "user_rating": 0.53,
    "user_decision": "Non-toxic",
    "system_rating": 3.1,
    "system_decision": "Toxic",
    "persp_score": 0.78,
}
FULL = AuditReport(
    title="Topic: 0_squad_boss_raid_loot",
    error_type="System is over-sensitive",
    evidence=(Evidence(12, ROW, {"personal_audit": "v1"}),),
    text_entry="It flags talk about games.",
    sep_selection="Accuracy",
)

texts = st.text(max_size=40)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.none() | st.booleans() | numbers | texts
reports = st.builds(
    AuditReport,
    title=texts,
    error_type=texts,
    evidence=st.lists(
        st.builds(
            Evidence,
            st.none() | st.integers(0, 2**53 - 1),
            st.dictionaries(texts | st.sampled_from(list(ROW)), values, max_size=6),
            st.dictionaries(texts, texts, max_size=3),
        ),
        max_size=3,
    ).map(tuple),
    text_entry=texts,
    sep_selection=texts | st.sampled_from(list(SEP_CATEGORIES)),
    complete_status=st.booleans(),
)


def changed(**fields: Any) -> AuditReport:
    return AuditReport(**{**{name: getattr(FULL, name) for name in FULL.__dict__}, **fields})


def test_schema_itself_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ()),
        ({"evidence": ()}, ("evidence",)),
        ({"text_entry": " \n"}, ("text_entry",)),
        ({"sep_selection": ""}, ("sep_selection",)),
        ({"text_entry": "", "sep_selection": ""}, ("text_entry", "sep_selection")),
        # One original client sets the mark, and has no kind of harm.
        ({"text_entry": "", "sep_selection": "", "complete_status": True}, ()),
        ({"evidence": (), "complete_status": True}, ("evidence",)),
    ],
)
def test_when_a_report_is_complete(fields: dict[str, Any], missing: tuple[str, ...]):
    report = changed(**fields)
    assert report.missing() == missing
    assert report.is_complete == (missing == ())


@given(reports)
@settings(max_examples=60, deadline=None)
def test_storing_loses_nothing(report: AuditReport):
    stored = json.loads(json.dumps(report.to_document(), allow_nan=False))
    assert AuditReport.from_document(stored) == report
    contract = report.to_contract()
    assert [entry.row for entry in report.evidence] == contract["evidence"]
    assert set(contract) == {
        "title", "error_type", "evidence", "text_entry", "sep_selection", "complete_status"
    }  # fmt: skip


def test_rows_that_were_saved_before_keep_their_versions():
    saved = FULL.evidence
    same, moved, other = contract_evidence(
        [dict(ROW), {**ROW, "user_rating": 0.6}, {"id": 7}], saved
    )
    assert same == saved[0]
    assert moved == Evidence(12, {**ROW, "user_rating": 0.6}, {})
    assert other == Evidence(7, {"id": 7}, {})


@pytest.mark.parametrize("row", [{}, {"id": "12"}, {"id": True}, {"id": -1}, {"id": 1.5}])
def test_a_row_without_a_usable_id_is_kept_all_the_same(row: dict[str, Any]):
    assert contract_evidence([row]) == (Evidence(None, row, {}),)


def test_true_and_one_are_two_rows():
    (entry,) = contract_evidence(
        [{"id": 1, "flag": 1}], [Evidence(1, {"id": 1, "flag": True}, {"a": "b"})]
    )
    assert entry.versions == {}


def test_avid_document_of_a_report():
    document = avid_document(FULL, system_name="Detector 3", now=NOW)
    AVID.validate(document)
    assert document["affects"]["artifacts"] == [{"type": "System", "name": "Detector 3"}]
    assert document["description"] == {"lang": "eng", "value": "It flags talk about games."}
    assert document["impact"]["avid"]["sep_view"] == ["P0204: Accuracy"]
    assert document["impact"]["avid"]["risk_domain"] == ["Performance"]
    assert document["reported_date"] == "2026-03-01"
    assert "credit" not in document
    (metric,) = document["metrics"]
    assert metric["results"] == {
        "feature": "0_squad_boss_raid_loot",
        "model_score": 0.78,
        "ori_input": "what a boss",
        "personal_model_score": 0.53,
        "user_decision": "Non-toxic",
    }


@pytest.mark.parametrize(
    ("selection", "code", "domain"),
    [
        ("Adversarial Example", "S0403", "Security"),
        ("Accuracy", "P0204", "Performance"),
        ("Bias/Discrimination", "E0100", "Ethics"),
        ("Other", "P0200", "Performance"),
        ("", "P0200", "Performance"),
        ("something new", "P0200", "Performance"),
    ],
)
def test_kind_of_harm_becomes_a_category(selection: str, code: str, domain: str):
    document = avid_document(changed(sep_selection=selection), system_name="x", now=NOW)
    AVID.validate(document)
    assert document["impact"]["avid"]["sep_view"][0].startswith(f"{code}: ")
    assert document["impact"]["avid"]["risk_domain"] == [domain]


@pytest.mark.parametrize(
    ("name", "email", "credit"),
    [
        ("", "", None),
        ("Ann", "", "Ann"),
        ("", "ann@example.org", "ann@example.org"),
        ("Ann", "ann@example.org", "Ann <ann@example.org>"),
    ],
)
def test_nobody_is_credited_who_did_not_ask(name: str, email: str, credit: str | None):
    document = avid_document(FULL, system_name="x", now=NOW, credit=AvidCredit(name, email))
    AVID.validate(document)
    found = document.get("credit")
    assert found == (None if credit is None else [{"lang": "eng", "value": credit}])


@given(reports)
@settings(max_examples=60, deadline=None)
def test_every_report_has_a_valid_avid_document(report: AuditReport):
    document = avid_document(report, system_name="x", now=NOW)
    AVID.validate(json.loads(json.dumps(document, allow_nan=False)))
    assert len(document["metrics"]) == len(report.evidence)
    assert document["description"]["value"].strip()


def test_the_schema_refuses_what_avid_does_not_know():
    document = avid_document(FULL, system_name="x", now=NOW)
    assert not AVID.is_valid({**document, "credit": None})
    assert not AVID.is_valid({**document, "reported_date": "1 March 2026"})
    document["impact"]["avid"]["sep_view"] = ["P0204"]
    assert not AVID.is_valid(document)
