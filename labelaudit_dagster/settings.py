"""Every `LABELAUDIT_*` setting: typed, documented and validated when a process starts.

Settings come from the environment alone, so that secrets reach no file of ours. The command line
and Dagster run configuration use the same names for the model and rule options.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from labelaudit_dagster.automation.settings import AutomationSettings
from labelaudit_dagster.failures import ExpectedFailure

PREFIX = "LABELAUDIT_"

_OF_THE_TESTS = {
    "LABELAUDIT_TEST_DATA",
    "LABELAUDIT_REQUIRE_ALL",
    "LABELAUDIT_SCREENSHOTS",
    "LABELAUDIT_TEST_DEMO_HOME",
    "LABELAUDIT_TEST_HOSTILE_HOME",
}

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SettingsError(ExpectedFailure, ValueError):
    """A setting holds a value that cannot work; the message names it and says what to do."""


class Settings(AutomationSettings):
    """All settings of one installation.

    Attributes are named as in the environment, without the prefix and in lower case. An empty
    environment variable counts as not set.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Field(
        default=Path(".labelaudit"),
        description="Folder of all state: artifacts, database, Dagster's storage, caches.",
    )
    database_url: str | None = Field(
        default=None,
        description="Application database. Default: SQLite in the home.",
    )
    artifacts_url: str | None = Field(
        default=None,
        description="Root of the artifact store: a folder, s3://… or gs://…. Default: in the home.",
    )
    platform_url: str | None = Field(
        default=None,
        description=(
            "Base address of a ratings platform (what stands before /exports). "
            "Default: none, the embedded platform is source and target."
        ),
    )
    platform_api_key: SecretStr | None = Field(
        default=None, description="Bearer key for the platform. Secret."
    )
    prolific_url: str = Field(
        default="https://api.prolific.com",
        description="Address of Prolific: what stands before /api/v1.",
    )
    prolific_api_key: SecretStr | None = Field(
        default=None, description="API token of a researcher at Prolific. Secret."
    )
    prolific_columns: str = Field(
        default=(
            "Age,Sex,Ethnicity simplified,Country of residence,Language,Student status,"
            "Employment status"
        ),
        max_length=2_000,
        description="Demographic columns that are kept, with commas; all others are dropped.",
    )
    http_timeout_seconds: Positive = Field(
        default=10.0, description="Longest wait to connect, and between two received bytes (s)."
    )
    http_deadline_seconds: Positive = Field(
        default=120.0, description="Longest time for one call with all its attempts (s)."
    )
    http_attempts: int = Field(default=5, ge=1, le=100, description="Attempts for one call.")
    http_max_bytes: int = Field(
        default=256 * 1024 * 1024,
        ge=1024,
        description="Largest answer that is accepted, after decompression (bytes).",
    )
    scorer_url: str | None = Field(
        default=None,
        description="Address to which comments are posted for the audited system's scores.",
    )
    scorer_api_key: SecretStr | None = Field(
        default=None, description="Bearer key for the scorer, where it wants one. Secret."
    )
    scorer_version: str | None = Field(
        default=None,
        description="Version of the audited system; another one has everything scored anew.",
    )
    scorer_lowest: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Lowest score of the system. Default: the lowest value of the corpus' scale.",
    )
    scorer_highest: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Highest score of the system. Default: the highest value of the scale.",
    )
    scorer_batch_size: int = Field(
        default=100, ge=1, le=10_000, description="Most texts in one request to the scorer."
    )
    scorer_requests_per_minute: int = Field(
        default=120, ge=0, description="Most requests to the scorer in a minute; 0 sets no limit."
    )
    avid_url: str | None = Field(
        default=None,
        description="Base address of AVID's API, or of one like it: what stands before /submit.",
    )
    avid_api_key: SecretStr | None = Field(
        default=None, description="Key for AVID, sent alone in the Authorization header. Secret."
    )
    avid_system_name: str = Field(
        default="the audited system",
        min_length=1,
        max_length=200,
        description="Name of the audited system in reports for AVID.",
    )
    scaffold_topics: str = Field(
        default="",
        max_length=2_000,
        description="Topics of the scaffold `fixed`, with commas. Default: the five largest.",
    )
    tutorial_topic: str = Field(
        default="",
        max_length=200,
        description="Topic of the scaffold `tutorial`. Default: the largest.",
    )
    churn_limit: float = Field(
        default=0.3,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description=(
            "Largest share of changed accepted guidelines that is published unapproved: "
            "those in one of the new and the last published set over those in either. 1 = any."
        ),
    )
    churn_limit_unchanged: float | None = Field(
        default=None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description=(
            "The same where no rating has changed since the last published set. Default: 0.02; "
            "LABELAUDIT_CHURN_LIMIT where that is smaller, or 1."
        ),
    )
    max_quarantined_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Largest share of quarantined rating rows before a run fails. 1 = any.",
    )
    retention: int = Field(
        default=20, ge=1, description="Versions of each artifact that pruning keeps."
    )
    prune_grace_hours: Positive = Field(
        default=24.0,
        description="Age below which pruning removes nothing (h); longer than any run takes.",
    )
    run_retention_days: Positive = Field(
        default=30.0,
        description="Age at which pruning removes the records of runs from Dagster (days).",
    )
    rate_limit_per_minute: int = Field(
        default=3_000,
        ge=0,
        description="Requests that one token or session may send in a minute; 0 sets no limit.",
    )
    failure_limit_per_minute: int = Field(
        default=60,
        ge=0,
        description=(
            "Tokens or sign-ins that are not valid from one address in a minute before it has to "
            "wait; 0 sets no limit."
        ),
    )
    training: Literal["here", "elsewhere"] = Field(
        default="here", description="Whether the API trains personal models itself."
    )
    public_url: str | None = Field(
        default=None,
        description="Address by which people reach the API, for invitation links and cookies.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Form of the API's log: lines to read, or an object a line."
    )
    session_days: int = Field(
        default=30, ge=1, le=365, description="How long somebody who signed in stays so."
    )
    client_dir: Path | None = Field(
        default=None, description="Folder of a foreign web client, served at /."
    )
    consent_file: Path | None = Field(
        default=None, description="Text that people agree to before they rate. Default: ours."
    )
    bootstrap_replicates: int = Field(
        default=200, ge=2, le=100_000, description="Replicates of the rater bootstrap."
    )

    leave_one_out_limit: int = Field(
        default=5_000,
        ge=0,
        description="Leave raters out in turn in communities of at most this many.",
    )

    # Model options: the same names on the command line and in run configuration.
    method: Literal["exact", "gradient_descent"] = Field(
        default="exact", description="Solver of the factorization."
    )
    lambda_intercept: float = Field(
        default=0.15, ge=0, allow_inf_nan=False, description="Penalty on squared intercepts."
    )
    lambda_factor: float = Field(
        default=0.03, ge=0, allow_inf_nan=False, description="Penalty on absolute factors."
    )
    ndim: int = Field(default=1, ge=1, le=64, description="Number of factors.")
    learning_rate: Positive = Field(
        default=0.1, description="Step length; only for gradient_descent."
    )
    iteration_cap: int = Field(
        default=10_000, ge=1, description="Largest number of sweeps (or iterations)."
    )
    tolerance: Positive = Field(
        default=1e-6, description="Optimality residual at which the solver stops (ratings units)."
    )
    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of all random starts.")

    # Rule options.
    intercept_threshold: float = Field(
        default=0.375,
        allow_inf_nan=False,
        description="A guideline is accepted with an intercept above this.",
    )
    min_ratings: int = Field(
        default=5, ge=0, description="Fewest ratings that an accepted guideline has."
    )
    min_support: float = Field(
        default=0.8,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Smallest share of helpful ratings of an accepted guideline.",
    )
    inertia: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description=(
            "A guideline that is published as accepted stays until its intercept is no longer "
            "above the threshold less this. 0 = none."
        ),
    )
    support_inertia: float = Field(
        default=0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="The same for the share of helpful ratings. 0 = none.",
    )

    @field_validator("home", "client_dir", "consent_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("artifacts_url")
    @classmethod
    def _known_storage(cls, value: str | None) -> str | None:
        if value is not None and "://" in value:
            from upath import UPath

            try:
                UPath(value)
            except (ValueError, ImportError) as error:
                raise ValueError(f"cannot be opened ({error})") from error
        return value

    @field_validator("prolific_columns")
    @classmethod
    def _allow_list(cls, value: str) -> str:
        from labelaudit_dagster.importers import DemographicColumns

        return ",".join(DemographicColumns.parse(value).names)

    @field_validator("platform_api_key", "prolific_api_key", "scorer_api_key", "avid_api_key")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value().strip("\r\n \t")
        if any(ord(c) < 33 or ord(c) > 126 for c in text) or not text:
            raise ValueError("holds a character that no HTTP header can carry; copy the key again")
        return SecretStr(text)

    @field_validator(
        "platform_url", "prolific_url", "scorer_url", "avid_url", "public_url", "dagster_url"
    )
    @classmethod
    def _web_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is no http:// or https:// address")
        keyless = info.field_name in ("public_url", "dagster_url")
        if (parts.username or parts.password) and keyless:
            raise ValueError("holds credentials; give the address without them")
        if parts.username or parts.password:
            service = str(info.field_name).removesuffix("_url").upper()
            raise ValueError(f"holds credentials; put the key into {PREFIX}{service}_API_KEY")
        if parts.query or parts.fragment:
            raise ValueError("has a query or fragment; give the address without it")
        return value.strip().rstrip("/")

    @property
    def resolved_churn_limit_unchanged(self) -> float:
        """Largest churn without any new rating, with the default filled in.

        Whoever lets any churn pass means it for this one too.
        """
        if self.churn_limit_unchanged is not None:
            return self.churn_limit_unchanged
        return 1.0 if self.churn_limit == 1 else min(self.churn_limit, 0.02)

    @property
    def resolved_database_url(self) -> str:
        """Address of the application database, with the default filled in."""
        return self.database_url or f"sqlite:///{self.home / 'labelaudit.db'}"

    @property
    def resolved_artifacts_url(self) -> str:
        """Root of the artifact store, with the default filled in."""
        return self.artifacts_url or str(self.home / "artifacts")

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own storage."""
        return self.home / "dagster"

    @property
    def dagster_processes_lock(self) -> Path:
        """File that is locked while processes of `labelaudit dagster` are there."""
        return self.home / ".dagster-processes.lock"

    @property
    def cache_folder(self) -> Path:
        """Folder of everything that can be computed again."""
        return self.home / "cache"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment.

    Args:
        **overrides: values that stand before the environment, by setting name; `None` is ignored.

    Raises:
        SettingsError: if a value cannot work; the message names the variable, not its value
            where that is secret.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False, include_context=False):
            name = str(item["loc"][0]) if item["loc"] else "settings"
            problem = item["msg"].removeprefix("Value error, ")
            # An address may hold a password, in the wrong place or the right one.
            secret = name.endswith(("_key", "_url"))
            shown = "" if secret else f" (it is {str(item['input'])[:80]!r})"
            problems.append(f"{PREFIX}{name.upper()}: {problem}{shown}")
        raise SettingsError(
            "; ".join(problems) + ". Set or unset the variable and start again."
        ) from None


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Names in the environment that look like settings of ours and are none (likely misspelt)."""
    environment = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= _OF_THE_TESTS
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
