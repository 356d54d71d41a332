"""Settings: what they accept, what they say, and that the documentation lists each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from labelaudit_dagster.settings import Settings, SettingsError, load_settings, unknown_variables

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
ROW = re.compile(r"^\| `LABELAUDIT_([A-Z_]+)` \| (.+?) \| (.*?) \| (.+) \|$", re.MULTILINE)
TYPES = {int: "whole number", float: "number", Path: "folder"}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LABELAUDIT_{name.upper()}", raising=False)


def documented() -> dict[str, tuple[str, str, str]]:
    rows = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len({row[0] for row in rows}) == len(rows)
    return {name.lower(): (kind, default, meaning) for name, kind, default, meaning in rows}


def test_every_setting_is_documented_and_no_other():
    assert set(documented()) == set(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_documented_type_default_and_meaning(name: str):
    kind, default, meaning = documented()[name]
    field = Settings.model_fields[name]
    assert default == ("" if field.default is None else f"`{field.default}`")
    assert len(meaning) > 10
    if field.annotation in TYPES:
        assert kind.startswith(TYPES[field.annotation])
    for bound in (getattr(rule, side, None) for rule in field.metadata for side in ("ge", "gt")):
        assert bound is None or f"{bound:,}" in kind
    assert ("secret" in kind) == ("SecretStr" in str(field.annotation))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_read_from_its_variable(name: str, monkeypatch: pytest.MonkeyPatch):
    value = {
        "home": "/somewhere",
        "database_url": "sqlite:////tmp/a.db",
        "artifacts_url": "/tmp/artifacts",
        "platform_url": "https://platform.example/api",
        "platform_api_key": "key",
        "prolific_url": "https://prolific.example",
        "scorer_url": "https://scorer.example/score",
        "avid_url": "https://avid.example/prod",
        "public_url": "https://audit.example",
        "dagster_url": "https://dagster.example",
        "failure_webhook_url": "https://hooks.example/T/B/x",
        "auto_publish": "False",
        "prune_daily": "False",
        "sensor_interval_seconds": "60",
        "log_format": "json",
        "training": "elsewhere",
        "client_dir": "/srv/client",
        "consent_file": "/srv/consent.txt",
        "method": "gradient_descent",
        "churn_limit": "0.25",
        "max_quarantined_share": "0.25",
        "min_support": "0.25",
        "churn_limit_unchanged": "0.25",
        "support_inertia": "0.25",
        "http_max_bytes": "4096",
    }.get(name, "3")
    monkeypatch.setenv(f"LABELAUDIT_{name.upper()}", value)
    found = getattr(load_settings(), name)
    found = found.get_secret_value() if isinstance(found, SecretStr) else found
    assert found != Settings.model_fields[name].default
    assert str(found).removesuffix(".0") == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ndim", "abc"),
        ("ndim", "0"),
        ("ndim", "1.5"),
        ("iteration_cap", "0"),
        ("seed", "-1"),
        ("lambda_factor", "-0.1"),
        ("lambda_factor", "nan"),
        ("tolerance", "0"),
        ("tolerance", "inf"),
        ("learning_rate", "inf"),
        ("intercept_threshold", "nan"),
        ("min_support", "1.1"),
        ("churn_limit", "-0.1"),
        ("churn_limit_unchanged", "1.1"),
        ("inertia", "-0.01"),
        ("inertia", "nan"),
        ("support_inertia", "1.1"),
        ("method", "newton"),
        ("platform_url", "ftp://platform.example"),
        ("platform_url", "platform.example"),
        ("platform_url", "https://platform.example/?a=b"),
        ("platform_api_key", "two words"),
        ("artifacts_url", "nosuch://bucket/path"),
        ("scorer_url", "scorer.example"),
        ("public_url", "audit.example"),
        ("scorer_api_key", "two words"),
        ("avid_url", "https://user:hunter2@avid.example"),
        ("avid_api_key", "two words"),
        ("scorer_batch_size", "0"),
        ("scorer_requests_per_minute", "-1"),
        ("scorer_highest", "inf"),
        ("training", "nowhere"),
        ("http_attempts", "0"),
        ("http_timeout_seconds", "0"),
        ("max_quarantined_share", "2"),
        ("bootstrap_replicates", "1"),
        ("retention", "0"),
    ],
)
def test_impossible_value_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"LABELAUDIT_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert f"LABELAUDIT_{name.upper()}: " in message
    assert "Set or unset the variable" in message
    assert "\n" not in message
    if not name.endswith(("_key", "_url")):
        assert repr(value) in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("platform_url", "https://user:hunter2@platform.example"),
        ("platform_api_key", "hunter2\nhunter2"),
        ("scorer_url", "https://user:hunter2@scorer.example"),
        ("public_url", "https://user:hunter2@audit.example"),
        ("dagster_url", "https://user:hunter2@dagster.example"),
        ("failure_webhook_url", "https://user:hunter2@hooks.example"),
        ("failure_webhook_url", "hunter2"),
        ("platform_api_key", "hunter2\N{BULLET}"),
    ],
)
def test_secrets_stay_out_of_messages(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"LABELAUDIT_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_key_is_trimmed_and_hidden(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LABELAUDIT_PLATFORM_API_KEY", "  hunter2\r\n")
    settings = load_settings()
    assert settings.platform_api_key is not None
    assert settings.platform_api_key.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()


def test_several_bad_settings_are_named_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LABELAUDIT_NDIM", "abc")
    monkeypatch.setenv("LABELAUDIT_SEED", "abc")
    with pytest.raises(SettingsError, match=r"LABELAUDIT_NDIM.*LABELAUDIT_SEED"):
        load_settings()


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LABELAUDIT_NDIM", "")
    monkeypatch.setenv("LABELAUDIT_PLATFORM_URL", "")
    assert load_settings() == load_settings(ndim=1, platform_url=None)


def test_overrides_stand_before_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LABELAUDIT_NDIM", "2")
    assert load_settings(ndim=3).ndim == 3
    assert load_settings(ndim=None).ndim == 2


def test_places_follow_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    home = tmp_path / ".labelaudit"
    assert settings.home == home
    assert settings.resolved_database_url == f"sqlite:///{home}/labelaudit.db"
    assert settings.resolved_artifacts_url == str(home / "artifacts")
    assert (settings.dagster_home, settings.cache_folder) == (home / "dagster", home / "cache")


def test_misspelt_variables_are_found():
    found = unknown_variables(
        {"LABELAUDIT_NDIMS": "1", "LABELAUDIT_NDIM": "1", "LABELAUDIT_": "", "PATH": ""}
    )
    assert found == ["LABELAUDIT_", "LABELAUDIT_NDIMS"]


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({}, 0.02),
        ({"churn_limit": 0.01}, 0.01),
        ({"churn_limit": 1}, 1),
        ({"churn_limit": 1, "churn_limit_unchanged": 0.1}, 0.1),
        ({"churn_limit_unchanged": 0}, 0),
        ({"churn_limit": 0.5, "churn_limit_unchanged": 1}, 1),
    ],
)
def test_the_churn_limit_without_new_ratings(settings: dict[str, float], limit: float):
    assert load_settings(**settings).resolved_churn_limit_unchanged == limit
