"""Everybody outside who is talked to: addresses, keys, and whether the platform answers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from labelaudit_dagster.diagnosis.finding import Finding
from labelaudit_dagster.settings import PREFIX, Settings

LARGEST_CLOCK_DIFFERENCE: Final = 120.0
"""Seconds by which the platform's clock may differ; its header tells whole seconds."""

_KEY_NEEDED: Final = {"platform": True, "avid": True, "scorer": False}
_HAS_DEFAULT_ADDRESS: Final = {"prolific"}


def check_keys(settings: Settings) -> Finding:
    """Whether every service that is named has its key, and the other way round."""
    given = settings.model_dump()
    found, wrong, advice = [], [], []
    for key in sorted(name for name in given if name.endswith("_api_key")):
        service = key.removesuffix("_api_key")
        variable = PREFIX + key.upper()
        # A default address says nothing of whether the service is used.
        named = f"{service}_url" in settings.model_fields_set or service not in _HAS_DEFAULT_ADDRESS
        has_address = named and given.get(f"{service}_url") is not None
        if given[key] is not None and not has_address and service not in _HAS_DEFAULT_ADDRESS:
            wrong.append(f"{variable} is set, and there is no address of {service}")
            advice.append(f"Set {PREFIX}{service.upper()}_URL, or unset the key.")
        elif given[key] is None and has_address and _KEY_NEEDED.get(service, False):
            wrong.append(f"{PREFIX}{service.upper()}_URL is set without {variable}")
            advice.append(f"Set {variable}.")
        elif given[key] is not None or has_address:
            found.append(service if given[key] is not None else f"{service} without a key")
    if given.get("failure_webhook_url") is not None:
        found.append("a webhook for failed runs")
    if wrong:
        return Finding("keys", False, "; ".join(wrong), " ".join(dict.fromkeys(advice)))
    return Finding("keys", True, f"set up: {', '.join(found) or 'no service outside'}")


def check_platform(settings: Settings, now: datetime) -> Finding:
    """Ask the platform once, with the key, for as little as it can give."""
    if settings.platform_url is None:
        return Finding("platform", True, "none is named; the embedded one is source and target")
    from labelaudit_dagster.platform_client import PlatformError
    from labelaudit_dagster.resources.constitution_target import platform_client

    try:
        answer = platform_client(settings).probe()
    except PlatformError as error:
        return Finding("platform", False, str(error), _advice(error.status, sent=error.attempts))
    found = f"{settings.platform_url} answers {answer.status} in {answer.seconds:.2f} s"
    if answer.date is None:
        return Finding("platform", True, f"{found}; it does not tell the time")
    ahead = (answer.asked_at - answer.date).total_seconds()
    if abs(ahead) > LARGEST_CLOCK_DIFFERENCE:
        side = "ahead of" if ahead > 0 else "behind"
        return Finding(
            "platform",
            False,
            f"{found}; this clock is {abs(ahead):,.0f} s {side} the platform's",
            "Set this machine's clock by a time server (timedatectl set-ntp true). Ratings from "
            "the future go to the quarantine.",
        )
    return Finding("platform", True, f"{found}; the clocks agree to {abs(ahead):.0f} s")


def _advice(status: int | None, *, sent: int) -> str:
    if not sent:
        return "Nothing was asked; correct the setting."
    if status in (401, 403):
        return "Set LABELAUDIT_PLATFORM_API_KEY to a key that may read the export and publish."
    if status == 404:
        return "LABELAUDIT_PLATFORM_URL must be what stands before /exports; correct the address."
    if status is not None and status >= 500:
        return "The platform itself is ill; tell its operator. Runs go on trying by themselves."
    return (
        "See whether this machine reaches it: address, name service, proxy, firewall. What was "
        "computed stays readable meanwhile."
    )
