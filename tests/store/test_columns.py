from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.store.columns import (
    escape_text,
    from_microseconds,
    json_text,
    to_microseconds,
    unescape_text,
)

# Surrogates too: JSON can carry lone ones.
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=[]))


@given(ANY_TEXT)
def test_every_text_can_be_stored_and_comes_back(text: str) -> None:
    stored = escape_text(text)
    stored.encode("utf-8")
    assert "\x00" not in stored
    assert unescape_text(stored) == text


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_are_stored_differently(first: str, second: str) -> None:
    assert (escape_text(first) == escape_text(second)) == (first == second)


def test_text_that_looks_escaped_is_kept() -> None:
    assert unescape_text(escape_text("\x1a0000")) == "\x1a0000"


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_are_exact(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment


def test_moments_of_other_zones_become_utc() -> None:
    moment = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert from_microseconds(to_microseconds(moment)).isoformat() == "2025-12-31T23:00:00+00:00"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_microseconds(datetime(2026, 1, 1))


def test_json_is_strict() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"x": float("nan")})
