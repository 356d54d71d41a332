"""Who asks, and whose data they may read and change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, cast

from fastapi import Depends, Request

from app_api.problems import ProblemError, field_problem
from labelaudit_dagster.store import Role, Session, Token

_ACT_FOR_ALL: Final[frozenset[Role]] = frozenset({"operator"})
_READ_ALL: Final[frozenset[Role]] = frozenset({"operator", "analyst"})


@dataclass(frozen=True)
class Caller:
    """Who a request comes from, after authentication.

    Attributes:
        role: What they may do.
        subject: Whose data are their own: a user's id; None for roles that belong to nobody.
        token_id: Public id of the bearer token; None without one.
        session_id: Public id of the session; None without one.
        expires_at: When token or session ends; None for never.
        local: A program on this machine on an installation that has no tokens yet.
    """

    role: Role
    subject: str | None = None
    token_id: str | None = None
    session_id: str | None = None
    expires_at: datetime | None = None
    local: bool = False

    @classmethod
    def of_token(cls, token: Token) -> Caller:
        """Return who holds a bearer token."""
        return cls(token.role, token.subject, token_id=token.token_id, expires_at=token.expires_at)

    @classmethod
    def of_session(cls, session: Session) -> Caller:
        """Return who is signed in by a session."""
        return cls(
            session.role,
            session.subject,
            session_id=session.session_id,
            expires_at=session.expires_at,
        )

    @property
    def public_id(self) -> str | None:
        """Public id of token or session, for limits and the log; None for a local program."""
        return self.token_id or self.session_id

    @property
    def shown(self) -> str:
        """How the log names them: never by name."""
        if self.local:
            return "this-machine"
        return f"session:{self.session_id}" if self.session_id else f"token:{self.token_id}"


LOCAL_OPERATOR: Final = Caller("operator", local=True)
"""A program on the same machine, while nothing tells callers apart."""


def caller_of(request: Request) -> Caller:
    """Return who a request comes from.

    Raises:
        RuntimeError: The route is for everybody, so that nobody was authenticated.
    """
    caller = getattr(request.state, "caller", None)
    if caller is None:
        raise RuntimeError(f"{request.url.path} asks who calls, but is open to everybody")
    return cast(Caller, caller)


Calling = Annotated[Caller, Depends(caller_of)]
"""Parameter type of routes that need to know who asks; not for routes open to everybody."""


def require_own(caller: Caller, user_id: str) -> None:
    """End a request that would act for somebody else: label, train, write, delete.

    People act for themselves alone, operators for everybody, others for nobody. The answer is the
    same whether there is such a user or not.

    Args:
        caller: Who asks.
        user_id: Whose data the request is about.

    Raises:
        ProblemError: `forbidden`.
    """
    if caller.role in _ACT_FOR_ALL or _is_own(caller, user_id):
        return
    raise _not_yours("change", caller)


def require_may_read(caller: Caller, user_id: str) -> None:
    """End a request that would read somebody else's data.

    People read their own alone; operators and analysts everybody's.

    Args:
        caller: Who asks.
        user_id: Whose data the request is about.

    Raises:
        ProblemError: `forbidden`.
    """
    if caller.role in _READ_ALL or _is_own(caller, user_id):
        return
    raise _not_yours("read", caller)


def may_read_all(caller: Caller) -> bool:
    """Tell whether lists show the caller everybody, not only themselves."""
    return caller.role in _READ_ALL


def user_or_self(caller: Caller, user_id: str | None, *, field: str = "user") -> str:
    """Return the user that a request is about: the one it names, or else the caller.

    It does not judge whether the caller may; `require_own` and `require_may_read` do.

    Args:
        caller: Who asks.
        user_id: What the request named; None where it named nobody.
        field: Name of the parameter, for the problem.

    Raises:
        ProblemError: `invalid-value`: nobody was named, and the caller is nobody in particular.
    """
    if user_id is not None:
        return user_id
    if caller.subject is None:
        raise field_problem("invalid-value", field, "is missing: whose data is it about")
    return caller.subject


def _is_own(caller: Caller, user_id: str) -> bool:
    return caller.subject is not None and caller.subject == user_id


def _not_yours(verb: str, caller: Caller) -> ProblemError:
    whose = "your own data" if caller.subject is not None else "nobody's data"
    return ProblemError("forbidden", f"With the role {caller.role} you may {verb} {whose} only.")
