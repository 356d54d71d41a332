"""The IO manager under real Dagster runs with real files."""

import pandas as pd
import pytest
from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetIn,
    AssetOut,
    Definitions,
    MaterializeResult,
    Output,
    ResourceParam,
    StaticPartitionsDefinition,
    asset,
    asset_check,
    define_asset_job,
    job,
    multi_asset,
    op,
)
from io_manager_runs import cause, materialisation, run

from labelaudit_dagster.artifacts import (
    ArtifactNotFoundError,
    ArtifactStore,
    ArtifactValueError,
    Blob,
    Bundle,
)
from labelaudit_dagster.resources.artifact_io_manager import (
    ArtifactIOManager,
    Partitioned,
    lineage_metadata,
    materialisation_metadata,
)


def test_values_of_every_kind_pass_through_with_lineage_and_metadata(root, store, instance):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "ü"]})

    @asset(code_version="7")
    def table():
        return frame

    @asset
    def document(table: pd.DataFrame):
        return {"rows": len(table)}

    @asset
    def raw():
        return Blob(b"\x00\x01", suffix=".json.gz")

    @asset
    def bundle(document: dict, raw: bytes, table: pd.DataFrame):
        return Bundle(table=table, document=document, size=[len(raw)])

    @asset
    def last(bundle: Bundle):
        pd.testing.assert_frame_equal(bundle["table"], frame)
        return {"document": bundle["document"], "size": bundle["size"]}

    result = run([table, document, raw, bundle, last], root, instance)
    assert result.success
    current = {name: store.current(name) for name in ("table", "document", "raw", "bundle", "last")}
    assert store.load(current["last"]) == {"document": {"rows": 3}, "size": [2]}
    assert store.manifest(current["table"]).inputs == {}
    assert store.manifest(current["document"]).inputs == {"table": current["table"].version}
    assert store.manifest(current["bundle"]).inputs == {
        name: current[name].version for name in ("document", "raw", "table")
    }
    assert store.manifest(current["table"]).code_version == "7"
    assert store.manifest(current["document"]).code_version is None
    assert {store.manifest(ref).run_id for ref in current.values()} == {result.run_id}
    assert store.resolve_upstream(current["last"], "table") == current["table"]

    metadata = materialisation(result, "table").metadata
    manifest = store.manifest(current["table"])
    assert metadata["labelaudit/version"].value == current["table"].version
    assert metadata["labelaudit/path"].value == str(root / current["table"].path)
    assert metadata["labelaudit/sha256"].value == manifest.files["data.parquet"].sha256
    assert (
        metadata["labelaudit/size_bytes"].value
        == (root / current["table"].path / "data.parquet").stat().st_size
    )
    assert metadata["dagster/row_count"].value == 3
    schema = metadata["dagster/column_schema"].value
    assert [(column.name, column.type) for column in schema.columns] == [
        ("a", "int64"),
        ("b", "large_string"),
    ]
    members = materialisation(result, "bundle").metadata["labelaudit/members"].value
    assert members["table"]["rows"] == 3
    assert members["document"]["kind"] == "json"
    assert metadata == {**metadata, **materialisation_metadata(store, current["table"])}


def test_a_run_uses_its_own_version_though_another_run_wrote_meanwhile(root, store, instance):
    @asset
    def upstream():
        return {"run": "mine"}

    @asset(deps=[upstream])
    def intruder():
        store.write("upstream", {"run": "other"}, run_id="another-run")
        return {}

    @asset(ins={"upstream": AssetIn()}, deps=[intruder])
    def reader(upstream: dict):
        return upstream

    result = run([upstream, intruder, reader], root, instance)
    assert result.success
    assert store.load(store.current("upstream")) == {"run": "other"}
    assert store.load(store.current("reader")) == {"run": "mine"}
    mine = store.versions("upstream")[0]
    assert store.manifest(store.current("reader")).inputs == {"upstream": mine.version}


def test_an_unselected_upstream_stays_the_same_for_the_whole_run(root, store, instance):
    @asset
    def upstream():
        return {"n": 1}

    @asset
    def first(upstream: dict):
        store.write("upstream", {"n": 2})
        return upstream

    @asset(deps=[first])
    def second(upstream: dict):
        return upstream

    graph = [upstream, first, second]
    run(graph, root, instance, selection=["upstream"])
    run(graph, root, instance, selection=["first", "second"])
    assert store.load(store.current("first")) == {"n": 1}
    assert store.load(store.current("second")) == {"n": 1}
    run(graph, root, instance, selection=["second"])
    assert store.load(store.current("second")) == {"n": 2}


def test_lineage_can_be_given_as_metadata_or_recorded_by_reading(root, store, instance):
    other = store.write("other", {"k": 1})
    part = store.write("parts", {"k": 2}, partition="ü/1")

    @asset
    def declared():
        return MaterializeResult(value={"v": 1}, metadata=lineage_metadata([other, part]))

    @asset
    def through_context(context: AssetExecutionContext):
        context.add_output_metadata({**lineage_metadata([other]), "labelaudit/extra": {"x": [1]}})
        return {"v": 2}

    @asset
    def reading(
        context: AssetExecutionContext, io_manager: ResourceParam[ArtifactIOManager], declared: dict
    ):
        ref = io_manager.read_in_step(context, "parts", "ü/1")
        assert io_manager.read_in_step(context, "absent") is None
        assert io_manager.read_in_step(context, "declared") == store.current("declared")
        return {"read": io_manager.artifact_store().load(ref)}

    run([declared, through_context, reading], root, instance)
    assert store.manifest(store.current("declared")).inputs == {
        other.key: other.version,
        part.key: part.version,
    }
    manifest = store.manifest(store.current("through_context"))
    assert manifest.inputs == {"other": other.version}
    assert manifest.extra == {"x": [1]}
    assert store.manifest(store.current("reading")).inputs == {
        "declared": store.current("declared").version,
        part.key: part.version,
    }
    assert store.load(store.current("reading")) == {"read": {"k": 2}}


def test_missing_upstream_is_named_and_can_be_allowed(root, store, instance):
    users = StaticPartitionsDefinition(["a", "b", "c"])

    @asset(partitions_def=users)
    def part(context: AssetExecutionContext):
        return {"k": context.partition_key}

    @asset
    def strict(part: dict):
        return part

    @asset(ins={"part": AssetIn(metadata={"allow_missing_partitions": True})})
    def lenient(part: dict):
        return part

    run([part], root, instance, partition_key="b")
    with pytest.raises(ArtifactNotFoundError) as error:
        run([part, strict], root, instance, selection=["strict"])
    assert "part/a was never materialised" in cause(error)
    assert "2 partitions are missing" in cause(error)
    run([part, lenient], root, instance, selection=["lenient"])
    assert store.load(store.current("lenient")) == {"b": {"k": "b"}}


def test_values_that_do_not_fit_the_asset_are_refused(root, store, instance):
    @asset
    def nothing():
        return Output(None)

    @asset
    def several():
        return Partitioned({"a": 1})

    with pytest.raises(ArtifactValueError, match="is None"):
        run([nothing], root, instance)
    with pytest.raises(ArtifactValueError, match="has no partitions"):
        run([several], root, instance)
    assert store.assets() == []


def test_outputs_of_plain_ops_are_refused_with_a_way_out(root, instance):
    @op
    def number():
        return 1

    @job(resource_defs={"io_manager": ArtifactIOManager(root=str(root))})
    def numbers():
        number()

    with pytest.raises(ArtifactValueError, match="another io_manager_key"):
        numbers.execute_in_process(instance=instance)


def test_all_outputs_of_a_step_have_its_inputs(root, store, instance):
    @asset
    def source():
        return {"n": 1}

    @multi_asset(outs={"left": AssetOut(), "right": AssetOut()})
    def both(source: dict):
        return {"l": source["n"]}, {"r": source["n"]}

    run([source, both], root, instance)
    expected = {"source": store.current("source").version}
    assert store.manifest(store.current("left")).inputs == expected
    assert store.manifest(store.current("right")).inputs == expected


def test_checks_load_what_their_asset_just_wrote(root, store, instance):
    seen = []

    @asset
    def table():
        return {"n": 1}

    @asset_check(asset=table, blocking=True)
    def is_small(table):
        store.write("table", {"n": 999}, run_id="another")
        seen.append(table)
        return AssetCheckResult(passed=table["n"] < 5)

    @asset_check(asset=table)
    def is_still_small(table):
        seen.append(table)
        return AssetCheckResult(passed=table["n"] < 5)

    @asset
    def downstream(table):
        return table

    everything = Definitions(
        assets=[table, downstream],
        asset_checks=[is_small, is_still_small],
        jobs=[define_asset_job("everything")],
        resources={"io_manager": ArtifactIOManager(root=str(root))},
    ).resolve_job_def("everything")
    result = everything.execute_in_process(instance=instance)
    assert result.success
    assert all(evaluation.passed for evaluation in result.get_asset_check_evaluations())
    assert seen == [{"n": 1}, {"n": 1}]
    assert store.load(store.current("downstream")) == {"n": 1}


def test_a_whole_run_on_an_object_store(instance):
    url = "memory://artifact-io-manager/root"

    @asset
    def table():
        return pd.DataFrame({"a": [1, 2]})

    @asset
    def rows(table: pd.DataFrame):
        return len(table)

    run([table, rows], url, instance)
    store = ArtifactStore(url)
    current = store.current("rows")
    assert store.load(current) == 2
    assert store.resolve_upstream(current, "table") == store.current("table")
