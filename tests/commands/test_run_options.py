"""Options of `run`: named as settings, the same by both ways, and failures that change nothing."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from home_runs import COMMAND, Home, reproducible
from small_exports import small_export, user, write_json

from labelaudit_dagster.assets.options import ModelOptions, RuleOptions, UncertaintyOptions
from labelaudit_dagster.commands.run import constitution as run_constitution
from labelaudit_dagster.settings import Settings

OPTIONS = {
    "lambda_intercept": "0.2",
    "lambda_factor": "0.04",
    "ndim": "2",
    "learning_rate": "0.2",
    "iteration_cap": "5000",
    "tolerance": "1e-05",
    "seed": "7",
    "intercept_threshold": "0.1",
    "min_ratings": "3",
    "min_support": "0.6",
}


def test_option_names_are_those_of_settings_and_run_configuration():
    offered = {
        parameter.name: parameter
        for parameter in run_constitution.params
        if isinstance(parameter, click.Option)
    }
    model, rule = set(ModelOptions.model_fields), set(RuleOptions.model_fields)
    assert model | rule == {"method", *OPTIONS}
    assert set(UncertaintyOptions.model_fields) - rule == {"bootstrap_replicates"}
    for name in model | rule:
        assert name in Settings.model_fields
        assert offered[name].opts == [f"--{name.replace('_', '-')}"]
        description = Settings.model_fields[name].description
        assert description is not None
        for options in (ModelOptions, RuleOptions):
            if name in options.model_fields:
                assert description in str(options.model_fields[name].description)


def test_options_by_command_line_and_by_environment_give_the_same(
    untouched_home: Home, small_home: Home, tmp_path: Path
):
    other = untouched_home.copied_to(tmp_path / "other")
    given = [part for name, v in OPTIONS.items() for part in (f"--{name.replace('_', '-')}", v)]
    small_home.here("run", "constitution", "--skip-uncertainty", *given).succeeded()
    other.here("run", "constitution", "--skip-uncertainty", **OPTIONS).succeeded()
    found, same = (
        home.here("constitution", "--json", "--all").succeeded().json
        for home in (small_home, other)
    )
    assert json.dumps(reproducible(found)) == json.dumps(reproducible(same))
    parameters = found["parameters"]
    assert {name: parameters[name] for name in OPTIONS} == {
        name: json.loads(value) for name, value in OPTIONS.items()
    }
    assert len(found["guidelines"][0]["factor"]) == 2
    # An option stands before the variable.
    other.here("run", "constitution", "--skip-uncertainty", "--ndim", "1", **OPTIONS).succeeded()
    third = other.here("constitution", "--json").succeeded().json
    assert third["parameters"]["ndim"] == 1
    assert third["parameters"]["seed"] == 7


def test_run_prints_what_it_made(small_home: Home):
    answer = small_home.compute("--json").succeeded()
    made = answer.json
    assert made["accepted"] == ["g0", "g1", "g2"]
    assert made["version"] == small_home.served()
    assert made["warnings"] == []
    assert "factorization" in answer.err


def test_too_few_sweeps_stop_the_constitution(small_home: Home):
    before = small_home.served()
    message = small_home.compute("--iteration-cap", "3").failed("3", "unchanged")
    assert "iteration" in message or "sweeps" in message
    assert small_home.served() == before
    status = small_home.here("status", "--json").succeeded().json
    assert len(status["failed_runs"]) == 1
    assert status["failed_runs"][0]["problems"][0] in message
    small_home.here("run", "constitution", "--skip-uncertainty").succeeded()
    assert small_home.served() != before
    assert small_home.here("status", "--json").succeeded().json["failed_runs"] == []


def test_gradient_descent_warns_and_works(small_home: Home):
    exact = small_home.here("constitution", "--json", "--all").succeeded().json
    run = ("run", "constitution", "--skip-uncertainty", "--method", "gradient_descent")
    answer = small_home.here(*run).succeeded()
    assert "Warning: gradient_descent stops short of the optimum" in answer.err
    document = small_home.here("constitution", "--json", "--all").succeeded().json
    assert document["solver"]["method"] == document["parameters"]["method"] == "gradient_descent"
    assert document["solver"]["loss"] >= exact["solver"]["loss"]
    assert small_home.run("run", "constitution", "--method", "newton").code == 2


def test_impossible_values_are_named(untouched_home: Home):
    for name, value in (("ndim", "abc"), ("min_support", "2"), ("method", "newton")):
        variable = f"LABELAUDIT_{name.upper()}"
        for command in (("constitution",), ("status",), ("run", "constitution"), ("doctor",)):
            untouched_home.here(*command, **{name: value}).failed(variable, value)
    untouched_home.run("status", ndim="abc").failed("LABELAUDIT_NDIM", "abc")


def test_impossible_options_are_named(small_home: Home):
    before = small_home.served()
    small_home.compute("--ndim", "0").failed("ndim")
    run = ("run", "constitution", "--skip-uncertainty")
    small_home.here(*run, "--min-support", "2").failed("min_support")
    small_home.here(*run, "--tolerance", "nan").failed("tolerance")
    assert small_home.served() == before


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("database_url", "nonsense", "database"),
        ("database_url", "mysql://somewhere/db", "mysql"),
        ("artifacts_url", "nosuch://bucket/path", "LABELAUDIT_ARTIFACTS_URL"),
    ],
)
def test_impossible_places_are_named(untouched_home: Home, name: str, value: str, part: str):
    command = ("status",) if name == "database_url" else ("constitution",)
    message = untouched_home.run(*command, **{name: value}).failed()
    assert part in message


def test_misspelt_setting_is_found_by_the_doctor(untouched_home: Home):
    assert untouched_home.here("doctor", "--json").succeeded().json["healthy"] is True
    answer = untouched_home.run("doctor", "--json", min_rating="3")
    assert answer.code == 1
    bad = [finding for finding in answer.json["findings"] if not finding["ok"]]
    assert [finding["what"] for finding in bad] == ["settings"]
    assert "LABELAUDIT_MIN_RATING" in bad[0]["finding"]


def test_doctor_finds_a_damaged_constitution(small_home: Home):
    ref = small_home.store.current("constitution")
    assert ref is not None
    [document] = (small_home.path / "artifacts").glob(
        f"constitution/**/{ref.version}/document.json"
    )
    document.write_bytes(document.read_bytes()[:-10])
    answer = small_home.here("doctor", "--json")
    assert answer.code == 1
    assert [f["what"] for f in answer.json["findings"] if not f["ok"]] == ["artifacts"]
    small_home.run("constitution").failed(ref.version)


def test_second_source_is_refused_with_the_choice(small_home: Home, tmp_path: Path):
    document = small_export(guidelines=4)
    for entry in document["guidelines"]:
        entry["value"] = f"Another text {entry['id']}"
    document["users"] = [user(f"v{u}") for u in range(24)]
    document["ratings"] = [r | {"authorId": f"v{r['authorId'][1:]}"} for r in document["ratings"]]
    source = write_json(tmp_path / "second.json", document)
    before = small_home.served()
    small_home.run("import", "export", source).failed("--replace", "--merge")
    assert small_home.here("status", "--json").succeeded().json["sources"][0]["prefix"] == ""

    merged = small_home.here("import", "export", source, "--merge", "--json").succeeded().json
    prefix = merged["prefix"]
    assert prefix
    assert merged["replaced"] == []
    small_home.here("run", "constitution", "--skip-uncertainty").succeeded()
    both = small_home.here("constitution", "--json", "--all").succeeded().json
    names = {row["guideline_id"] for row in both["guidelines"]}
    assert names == {f"g{g}" for g in range(8)} | {f"{prefix}g{g}" for g in range(4)}
    assert both["n_raters"] == 48

    replaced = small_home.here("import", "export", source, "--replace", "--json").succeeded().json
    assert replaced["replaced"]
    status = small_home.here("status", "--json").succeeded().json
    assert [entry["prefix"] for entry in status["sources"]] == [prefix]  # its ids stay its ids
    assert status["unused_ratings"] > 0
    assert small_home.served() != before


def test_same_source_updates(small_home: Home, tmp_path: Path):
    document = small_export()
    document["ratings"][0]["rating"] = "not_helpful"
    del document["ratings"][1]
    source = write_json(tmp_path / "next.json", document)
    report = small_home.run("import", "export", source, "--json").succeeded().json
    assert report["is_new"] is False
    assert report["ratings"] == {"added": 0, "changed": 1, "ended": 1, "unchanged": 190}


def test_instability_compares_methods_and_stores_nothing(small_home: Home):
    before = sorted(p for p in (small_home.path / "artifacts").rglob("*"))
    answer = small_home.here("instability", "--seeds", "3", "--json").succeeded()
    document = answer.json
    assert list(document) == ["gradient_descent", "exact"]
    for result in document.values():
        assert result["seeds"] == [0, 1, 2]
        assert len(result["losses"]) == len(result["accepted"]) == 3
        assert 0 <= result["mean_jaccard"] <= 1
    assert document["exact"]["mean_jaccard"] == 1.0
    assert document["exact"]["accepted"] == [["g0", "g1", "g2"]] * 3
    assert max(document["exact"]["losses"]) <= min(document["gradient_descent"]["losses"])
    assert sorted(p for p in (small_home.path / "artifacts").rglob("*")) == before


def test_every_command_explains_itself(untouched_home: Home):
    shown = untouched_home.run("--help").succeeded().out
    cli = importlib.import_module("labelaudit_dagster.cli")
    for name, (target, text) in cli.labelaudit._lazy.items():
        assert text in shown
        answer = untouched_home.here(name, "--help").succeeded()
        assert "Usage:" in answer.out
        assert getattr(importlib.import_module(target.partition(":")[0]), target.partition(":")[2])
    assert untouched_home.run("no-such-command").code == 2


def test_closed_pipe_ends_quietly(untouched_home: Home):
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -c 10', "-", *COMMAND, "constitution", "--json", "--all"],
        env=untouched_home.environment(),
        cwd=untouched_home.path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == '{\n  "versi'
    assert done.stderr == ""


def test_new_home_is_for_its_owner_alone(new_home: Callable[[str], Home], tmp_path: Path):
    home = Home(tmp_path / "private")
    home.run("import", "export", write_json(tmp_path / "e.json", small_export())).succeeded()
    assert home.path.stat().st_mode & 0o777 == 0o700
