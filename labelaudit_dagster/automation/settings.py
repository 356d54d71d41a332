"""Settings of what runs by itself; `labelaudit_dagster.settings` reads them with all others."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class AutomationSettings(BaseSettings):
    """How often sensors look, and what they wait for."""

    sensor_interval_seconds: int = Field(
        default=10, ge=5, le=86_400, description="How often sensors look for something new (s)."
    )
    quiet_seconds: float = Field(
        default=30.0,
        ge=0,
        allow_inf_nan=False,
        description="How long labels or comments must have been left alone before a sensor runs.",
    )
    ratings_min_interval_seconds: float = Field(
        default=60.0,
        ge=0,
        allow_inf_nan=False,
        description="Shortest time between two constitution runs that sensors start (s).",
    )
    ratings_min_new: int = Field(
        default=1, ge=1, description="New or changed ratings that start a constitution run."
    )
    ratings_max_wait_seconds: float = Field(
        default=3_600.0,
        ge=0,
        allow_inf_nan=False,
        description="Age of a change after which fewer new ratings start a run as well (s).",
    )
    ratings_refresh_hours: float = Field(
        default=24.0,
        ge=0,
        allow_inf_nan=False,
        description="Without anything new the constitution is made anew so often (h); 0 = never.",
    )
    platform_poll_seconds: float = Field(
        default=60.0,
        ge=1,
        allow_inf_nan=False,
        description="How often a platform with entity tags is asked whether its export changed.",
    )
    platform_fetch_seconds: float = Field(
        default=900.0,
        ge=1,
        allow_inf_nan=False,
        description="How often the export of a platform without entity tags is fetched (s).",
    )
    auto_publish: bool = Field(
        default=True, description="Whether runs that sensors start publish what the gate passes."
    )
    prune_daily: bool = Field(
        default=True,
        description="Whether old versions and records of runs are removed once a day.",
    )
    failure_webhook_url: SecretStr | None = Field(
        default=None, description="Address to which failed runs are posted. Secret."
    )
    dagster_url: str | None = Field(
        default=None, description="Address of the Dagster UI, for links in messages."
    )
    stale_after_hours: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="Age of an unused label or rating at which a freshness check warns (h).",
    )

    @field_validator("failure_webhook_url")
    @classmethod
    def _secret_web_address(cls, value: SecretStr | None) -> SecretStr | None:
        text = "" if value is None else value.get_secret_value().strip()
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
        if value is not None and (not usable or not text.isascii() or not text.isprintable()):
            raise ValueError("is no http:// or https:// address without user name")
        return None if value is None else SecretStr(text)
