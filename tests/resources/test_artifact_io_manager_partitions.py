"""The IO manager with partitions: one, a range, a mapping, and wrong ones."""

import pandas as pd
import pytest
from dagster import (
    AllPartitionMapping,
    AssetExecutionContext,
    AssetIn,
    DynamicPartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
)
from io_manager_runs import cause, run

from labelaudit_dagster.artifacts import ArtifactValueError
from labelaudit_dagster.resources.artifact_io_manager import Partitioned

USERS = ["plain", "a/b", "..", "emoji 🙂", "x" * 300, "Case", "case"]


def test_dynamic_partitions_one_by_one_and_as_a_range_in_one_step(root, store, instance):
    users = DynamicPartitionsDefinition(name="users")
    instance.add_dynamic_partitions("users", USERS)

    @asset(partitions_def=users)
    def labels(context: AssetExecutionContext):
        keys = context.partition_keys
        return Partitioned({key: {"user": key} for key in keys})

    @asset(partitions_def=users)
    def frames(context: AssetExecutionContext, labels):
        if not isinstance(labels, Partitioned):
            return pd.DataFrame({"user": [labels["user"]]})
        return {key: pd.DataFrame({"user": [labels[key]["user"]] * 2}) for key in labels}

    @asset(ins={"frames": AssetIn(partition_mapping=AllPartitionMapping())})
    def overview(frames: dict):
        assert list(frames) == sorted(USERS)  # Dagster itself hands partitions out in any order
        return {key: len(frame) for key, frame in frames.items()}

    for user in USERS:
        assert run([labels, frames], root, instance, partition_key=user).success
    assert store.partitions("frames") == sorted(USERS)
    single = store.current("frames", "..")
    assert list(store.load(single)["user"]) == [".."]
    assert store.manifest(single).inputs == {
        store.current("labels", "..").key: store.current("labels", "..").version
    }

    result = run(
        [labels, frames],
        root,
        instance,
        tags={
            "dagster/asset_partition_range_start": USERS[0],
            "dagster/asset_partition_range_end": USERS[-1],
        },
    )
    assert result.success
    events = result.asset_materializations_for_node("frames")
    assert sorted(event.partition for event in events) == sorted(USERS)
    for event in events:
        ref = store.current("frames", event.partition)
        assert event.metadata["labelaudit/version"].value == ref.version
        assert event.metadata["labelaudit/path"].value == str(root / ref.path)
        assert event.metadata["dagster/partition_row_count"].value == 2
        # Each partition was made from its own upstream partition, not from all of them.
        labels_ref = store.current("labels", event.partition)
        assert store.manifest(ref).inputs == {labels_ref.key: labels_ref.version}
        assert list(store.load(ref)["user"]) == [event.partition] * 2

    run([labels, frames, overview], root, instance, selection=["overview"])
    assert store.load(store.current("overview")) == dict.fromkeys(USERS, 2)
    assert len(store.manifest(store.current("overview")).inputs) == len(USERS)


def test_one_existing_partition_is_still_a_mapping_for_an_unpartitioned_asset(
    root, store, instance
):
    users = DynamicPartitionsDefinition(name="users")
    instance.add_dynamic_partitions("users", ["only"])

    @asset(partitions_def=users)
    def part():
        return {"n": 1}

    @asset(partitions_def=users, ins={"part": AssetIn(metadata={"as_mapping": True})})
    def mapped(part: Partitioned):
        return Partitioned({key: [key, value["n"]] for key, value in part.items()})

    @asset
    def whole(part: dict):
        return part

    run([part, mapped], root, instance, partition_key="only")
    assert store.load(store.current("mapped", "only")) == ["only", 1]
    run([part, whole], root, instance, selection=["whole"])
    assert store.load(store.current("whole")) == {"only": {"n": 1}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, "has no value for 'b'"),
        ({"a": 1, "b": 2, "z": 3}, "names 'z'"),
        ([1, 2], "returned one list"),
        ({"a": 1, "b": float("nan")}, "is nan"),
    ],
)
def test_a_wrong_mapping_of_partitions_writes_nothing(root, store, instance, value, message):
    @asset(partitions_def=StaticPartitionsDefinition(["a", "b"]))
    def part():
        return value

    before = store.write("part", "before", partition="a")
    with pytest.raises(ArtifactValueError) as error:
        run(
            [part],
            root,
            instance,
            tags={
                "dagster/asset_partition_range_start": "a",
                "dagster/asset_partition_range_end": "b",
            },
        )
    assert message in cause(error)
    assert store.versions("part", "a") == [before]
    assert store.versions("part", "b") == []
