from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from labelaudit_dagster.store import (
    PERSONAL_ROLES,
    ROLES,
    Database,
    TokenError,
    create_token,
    list_changes,
    list_tokens,
    revoke_token,
    verify_token,
)


@pytest.mark.parametrize("role", ROLES)
def test_tokens_open_what_they_are_for(db: Database, now, role: str) -> None:
    subject = "participant 7" if role in PERSONAL_ROLES else None
    token, secret = create_token(db, role, now=now, subject=subject, label="for a test")
    assert verify_token(db, secret, now=now) == token
    assert (token.role, token.subject, token.label) == (role, subject, "for a test")
    assert list_tokens(db) == [token]


def test_only_a_hash_is_stored(db: Database, now) -> None:
    _, secret = create_token(db, "operator", now=now)
    with db.read() as connection:
        row = connection.execute(text("SELECT * FROM tokens")).one()
    kept = secret.split("_", 2)[2]
    assert len(kept) >= 43  # 256 bits
    for value in row:
        assert kept.encode() not in (bytes(value) if isinstance(value, memoryview | bytes) else
                                     str(value).encode())  # fmt: skip
    assert kept not in str(list_changes(db)) + str(list_tokens(db))


def test_wrong_texts_open_nothing(db: Database, now) -> None:
    token, secret = create_token(db, "pipeline", now=now)
    other, other_secret = create_token(db, "operator", now=now)
    mixed = f"la_{token.token_id}_{other_secret.split('_', 2)[2]}"
    for wrong in (
        "", "la", "la__", secret[:-1], secret + "x", secret.upper(), "xx" + secret[2:], mixed,
        f"la_{token.token_id}_", "Bearer " + secret, "\x00", "\ud800_\ud800_\ud800", "é" * 5000,
    ):  # fmt: skip
        assert verify_token(db, wrong, now=now) is None, wrong
    assert verify_token(db, other_secret, now=now) == other


def test_tokens_expire(db: Database, now) -> None:
    end = now + timedelta(hours=1)
    _, secret = create_token(db, "analyst", now=now, expires_at=end)
    assert verify_token(db, secret, now=end - timedelta(microseconds=1)) is not None
    assert verify_token(db, secret, now=end) is None


def test_tokens_are_revoked_at_once(database_url: str, now) -> None:
    with Database.open(database_url) as db, Database.open(database_url) as other:
        token, secret = create_token(db, "operator", now=now)
        assert verify_token(other, secret, now=now) == token
        revoked = revoke_token(db, token.token_id, now=now)
        assert verify_token(other, secret, now=now) is None
        assert revoked.revoked_at == now
        assert revoke_token(db, token.token_id, now=now + timedelta(days=1)) == revoked
        with pytest.raises(TokenError, match="no token 'x'"):
            revoke_token(db, "x", now=now)


@pytest.mark.parametrize(
    ("role", "options", "said"),
    [
        ("admin", {}, "pipeline, operator, participant, auditor, analyst"),
        ("participant", {}, "needs subject"),
        ("operator", {"subject": "me"}, "no subject"),
        ("operator", {"expires_at": 0}, "expired from the start"),
    ],
)
def test_impossible_tokens_are_refused(db: Database, now, role, options, said) -> None:
    if "expires_at" in options:
        options = {"expires_at": now}
    with pytest.raises(TokenError, match=said):
        create_token(db, role, now=now, **options)
    assert list_tokens(db) == []
