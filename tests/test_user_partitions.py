"""Partition keys of users: reversible for any text, and acceptable to Dagster."""

from __future__ import annotations

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.user_partitions import partition_key, user_of_partition

REFUSED = ["...", "\a", "\b", "\f", "\n", "\r", "\t", "\v", "\0"]
"""What Dagster forbids in partition keys."""


@pytest.mark.parametrize(
    "name", ["anna", "Zoë", "名前", "a b", "a/b", "..", "x" * 300, "a,b[c]", "😀"]
)
def test_ordinary_names_stand_for_themselves(name: str):
    assert partition_key(name) == name


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_name_comes_back_and_is_allowed(name: str):
    key = partition_key(name)
    assert user_of_partition(key) == name
    assert key
    assert not any(part in key for part in REFUSED)
    assert key.isprintable()


@pytest.mark.parametrize("name", ["", "%", "a...b", "....", "a\nb", "%2E", "\0", "\u2028"])
def test_awkward_names_get_keys_of_their_own(name: str):
    assert user_of_partition(partition_key(name)) == name
    assert partition_key(name) != partition_key(f"{name}.")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("users", [partition_key(name)])
        assert instance.get_dynamic_partitions("users") == [partition_key(name)]
