"""Answers, and the verdict on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labelaudit_dagster.platform_client.errors import BadAnswer, PlatformError


@dataclass(frozen=True)
class Answer:
    """A complete answer.

    Attributes:
        status: HTTP status.
        headers: looked up without regard to case.
        body: decompressed bytes; empty where the call has a reader.
        attempts: requests that it took.
        content: what the call's reader made of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    attempts: int
    content: Any = None


class Unacceptable(Exception):  # noqa: N818 - a verdict; it never leaves the caller
    """Raised by the judge of an answer that is complete but not what was asked for.

    Attributes:
        reason: what is wrong, as the end of a sentence that begins with the call.
        advice: what to do about it.
        may_pass: whether the same question can get another answer a moment later.
        kind: class of the error that the caller sees.
        unsure: whether the platform may have applied a POST nevertheless.
    """

    def __init__(
        self,
        reason: str,
        advice: str,
        *,
        may_pass: bool = False,
        kind: type[PlatformError] = BadAnswer,
        unsure: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.may_pass = may_pass
        self.kind = kind
        self.unsure = unsure
