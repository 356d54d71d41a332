"""A clock that jumps by two days: nobody is locked out for ever, and nothing breaks."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from labelaudit_dagster.store import (
    Database,
    add_rating,
    begin_publication,
    create_invitation,
    create_token,
    finish_publication,
    hold_publication,
    import_community,
    last_published,
    list_changes,
    list_publications,
    list_sessions,
    load_community,
    look_at_invitation,
    redeem_invitation,
    revoke_token,
    verify_session,
    verify_token,
)

AHEAD, BEHIND = timedelta(hours=48), timedelta(hours=-48)
STEPS = [AHEAD, BEHIND]


@pytest.mark.parametrize("step", STEPS)
def test_tokens_are_valid_again_when_the_clock_is_right_again(db: Database, now, step) -> None:
    token, text = create_token(db, "operator", now=now)
    short, short_text = create_token(db, "analyst", now=now, expires_at=now + timedelta(hours=24))
    assert verify_token(db, text, now=now + step) == token
    valid = verify_token(db, short_text, now=now + step)
    assert valid == (short if step == BEHIND else None)
    assert verify_token(db, short_text, now=now) == short  # being early cost nothing
    # What is revoked stays so, whatever the clock says.
    revoke_token(db, token.token_id, now=now + step)
    for moment in (now + BEHIND, now, now + AHEAD):
        assert verify_token(db, text, now=moment) is None


@pytest.mark.parametrize("step", STEPS)
def test_invitations_and_sessions_last_as_long_as_they_were_given(db, now, step) -> None:
    _, link = create_invitation(db, "participant", "ann", now + timedelta(days=7), now)
    assert look_at_invitation(db, link, now=now + step) is not None
    session, secret = redeem_invitation(db, link, now + step)
    assert session.expires_at - session.created_at == timedelta(days=30)
    for moment in (now, now + step, now - step, session.expires_at - timedelta(seconds=1)):
        assert verify_session(db, secret, now=moment) is not None
    assert verify_session(db, secret, now=session.expires_at) is None
    assert [one.session_id for one in list_sessions(db)] == [session.session_id]


@pytest.mark.parametrize("step", STEPS)
def test_publications_follow_their_numbers_and_not_the_clock(db: Database, now, step) -> None:
    def payload(mu: float) -> dict[str, object]:
        return {"accepted_guideline_ids": ["g"], "mu": mu}

    first = begin_publication(db, payload(1), now=now)
    finish_publication(db, first.sequence, receipt={}, now=now + step)
    held = hold_publication(db, payload(2), because=["churn"], now=now + step)
    resumed = begin_publication(db, payload(2), now=now)
    assert resumed.sequence == held.sequence
    finish_publication(db, resumed.sequence, receipt={}, now=now - step)
    assert last_published(db).sequence == 2
    again = begin_publication(db, payload(1), now=now + step)
    assert (again.sequence, again.is_sent) == (3, False)
    assert [one.sequence for one in list_publications(db)] == [3, 2, 1]


@pytest.mark.parametrize("step", STEPS)
def test_changes_and_ratings_keep_their_order(db: Database, make_community, now, step) -> None:
    community = make_community([("a", "g", True, None)])
    import_community(db, community, now=now)
    add_rating(db, "a", "g", False, now=now + step)
    add_rating(db, "a", "g", True, now=now)
    assert load_community(db).community.guideline_ratings["helpful"].tolist() == [True]
    sequences = [change.sequence for change in list_changes(db)]
    assert sequences == sorted(sequences, reverse=True)


def test_moments_of_any_zone_are_the_same_moment(db: Database, now) -> None:
    new_york = now.astimezone(timezone(timedelta(hours=-5)))
    token, text = create_token(db, "operator", now=new_york, expires_at=new_york + AHEAD)
    assert (token.created_at, token.expires_at) == (now, now + AHEAD)
    assert verify_token(db, text, now=new_york) == token
    naive = datetime(2026, 3, 8, 2, 30)
    with pytest.raises(Exception, match="time zone"):
        create_token(db, "operator", now=naive)
