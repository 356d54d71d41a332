"""docs/constitution.md names every field, status, test, cause and chart there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labelaudit_dagster.constitution import (
    HELD_CODES,
    PAYLOAD_KEYS,
    SIDES,
    STATUSES,
    TESTS,
    AcceptanceRule,
    charts,
    diff_constitutions,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "constitution.md"


@pytest.fixture(scope="module")
def documented():
    """Names in code font of the page, by section heading."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return {
        section.splitlines()[0]: set(re.findall(r"`([^`\n]+)`", section)) for section in sections
    }


def test_every_field_of_the_document(documented, document):
    fields = documented["The document"]
    assert set(document) <= fields
    assert set(document["solver"]) <= fields
    for row in document["guidelines"]:
        assert set(row) <= fields
        assert set(row["support_by_side"]["neutral"]) <= fields


def test_every_field_of_a_reason(documented, document):
    for row in document["guidelines"]:
        for reason in row["reasons"]:
            assert set(reason) <= documented["Reasons"]


def test_every_test_status_side_and_cause(documented):
    assert set(TESTS) <= documented["The rule"]
    assert set(AcceptanceRule().to_dict()) <= documented["The rule"]
    assert set(STATUSES) <= documented["Statuses"]
    assert set(SIDES) <= documented["Support on each side"]
    assert set(HELD_CODES) <= documented["The gate"]


def test_every_field_of_the_difference_and_the_payload(documented, document):
    difference = diff_constitutions(document, document)
    assert set(difference) <= documented["The difference"]
    assert set(difference["stayed"][0]) <= documented["The difference"]
    assert set(difference["stayed"][0]["before"]) <= documented["The difference"]
    assert set(PAYLOAD_KEYS) <= documented["What is published"]


def test_every_chart(documented):
    assert set(charts.__all__) - {"Chart"} <= documented["Pictures"]
