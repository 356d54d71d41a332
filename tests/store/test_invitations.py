from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from labelaudit_dagster.store import (
    Database,
    InvalidNameError,
    InvitationError,
    Label,
    StoreError,
    TokenError,
    add_labels,
    create_invitation,
    create_token,
    import_corpus,
    list_changes,
    list_invitations,
    list_sessions,
    redeem_invitation,
    revoke_invitation,
    revoke_session,
    verify_session,
    verify_token,
)


def test_an_invitation_signs_its_person_in_once(db: Database, now) -> None:
    end = now + timedelta(days=1)
    invitation, link = create_invitation(db, "auditor", "ann", end, now, label="for Ann")
    session, cookie = redeem_invitation(db, link, now)
    assert (session.role, session.subject) == ("auditor", "ann")
    assert session.expires_at == now + timedelta(days=30)
    assert verify_session(db, cookie, now=now) == session
    (used,) = list_invitations(db)
    assert (used.uses, used.is_valid(now), invitation.is_valid(now)) == (1, False, True)
    with pytest.raises(InvitationError, match="ask for a new one"):
        redeem_invitation(db, link, now)
    assert list_sessions(db) == list_sessions(db, "ann") == [session]
    assert list_sessions(db, "bob") == []
    assert [change.kind for change in list_changes(db)] == [
        "invitation_redeemed", "invitation_created"
    ]  # fmt: skip


def test_of_many_who_redeem_the_last_uses_no_more_get_in(db: Database, now) -> None:
    _, link = create_invitation(db, "auditor", "ann", None, now, uses=3)

    def redeem(_: int) -> bool:
        try:
            redeem_invitation(db, link, now)
        except InvitationError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(redeem, range(8))) == 3
    assert len(list_sessions(db)) == 3


def test_open_invitations_bring_new_people_only(db: Database, make_corpus, now) -> None:
    import_corpus(db, make_corpus({1: "one"}), now=now)
    add_labels(db, "labeller", "m", [Label(1, 1.0)], now=now)
    create_token(db, "participant", subject="holder", now=now)
    _, link = create_invitation(db, "auditor", None, None, now, uses=3)
    with pytest.raises(InvitationError, match="needs a name"):
        redeem_invitation(db, link, now)
    for taken in ("labeller", "holder"):
        with pytest.raises(InvitationError, match="is taken"):
            redeem_invitation(db, link, now, subject=taken)
    with pytest.raises(InvalidNameError):
        redeem_invitation(db, link, now, subject="")
    session, _ = redeem_invitation(db, link, now, subject="ann 😀")
    assert session.subject == "ann 😀"
    with pytest.raises(InvitationError, match="is taken"):
        redeem_invitation(db, link, now, subject="ann 😀")
    # Refused attempts use nothing up.
    assert list_invitations(db)[0].uses == 1
    # A name in the invitation is not for the holder to change.
    _, named = create_invitation(db, "auditor", "bob", None, now)
    assert redeem_invitation(db, named, now, subject="labeller")[0].subject == "bob"
    # Roles that belong to nobody get nobody.
    _, operator = create_invitation(db, "operator", None, None, now)
    assert redeem_invitation(db, operator, now, subject="x")[0].subject is None


def test_ends_and_revocations_count_at_once(db: Database, now) -> None:
    end = now + timedelta(hours=1)
    invitation, link = create_invitation(db, "auditor", "ann", end, now, uses=9)
    session, cookie = redeem_invitation(db, link, now, lifetime=timedelta(minutes=5))
    just = timedelta(microseconds=1)
    assert verify_session(db, cookie, now=session.expires_at - just) == session
    assert verify_session(db, cookie, now=session.expires_at) is None
    redeem_invitation(db, link, end - just)
    with pytest.raises(InvitationError):
        redeem_invitation(db, link, end)
    revoked = revoke_session(db, session.session_id, now=now)
    assert revoked.revoked_at == now
    assert revoke_session(db, session.session_id, now=end) == revoked
    assert verify_session(db, cookie, now=now) is None
    over = revoke_invitation(db, invitation.invitation_id, now)
    assert over.revoked_at == now
    assert revoke_invitation(db, invitation.invitation_id, end) == over
    with pytest.raises(InvitationError):
        redeem_invitation(db, link, now)
    with pytest.raises(InvitationError, match="no session 'x'"):
        revoke_session(db, "x", now=now)
    with pytest.raises(InvitationError, match="no invitation 'x'"):
        revoke_invitation(db, "x", now)


def test_one_kind_of_text_does_not_open_another(db: Database, now) -> None:
    _, link = create_invitation(db, "auditor", "ann", None, now, uses=9)
    _, token = create_token(db, "operator", now=now)
    _, cookie = redeem_invitation(db, link, now)
    for wrong in (link, token, "las" + cookie[3:-1], cookie + "x", cookie[1:], "", "las__", "é",
                  "las_" + link.split("_", 1)[1], "las_" + token.split("_", 1)[1]):  # fmt: skip
        assert verify_session(db, wrong, now=now) is None, wrong
    for wrong in (cookie, token, link[:-1], "lai_" + cookie.split("_", 1)[1], "", "\ud800"):
        with pytest.raises(InvitationError):
            redeem_invitation(db, wrong, now)
    for wrong in (link, cookie, "la_" + cookie.split("_", 1)[1]):
        assert verify_token(db, wrong, now=now) is None


def test_only_hashes_are_stored(db: Database, now) -> None:
    _, link = create_invitation(db, "auditor", "ann", None, now)
    _, cookie = redeem_invitation(db, link, now)
    with db.read() as connection:
        rows = [
            value
            for table in ("invitations", "sessions")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
            for value in row
        ]
    assert len(rows) == 18
    for secret in (link.split("_", 2)[2], cookie.split("_", 2)[2]):
        assert len(secret) >= 43  # 256 bits
        for value in rows:
            kept = bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
            assert secret.encode() not in kept


def test_impossible_invitations_are_refused(db: Database, now) -> None:
    for options, error in (
        ({"role": "king"}, TokenError),
        ({"role": "operator"}, InvitationError),
        ({"subject": ""}, InvalidNameError),
        ({"expires_at": now}, InvitationError),
        ({"uses": 0}, InvitationError),
    ):
        wanted = {"role": "auditor", "subject": "ann", "expires_at": None} | options
        with pytest.raises(error):
            create_invitation(db, **wanted, now=now)
        assert issubclass(error, StoreError)
    assert list_invitations(db) == []
