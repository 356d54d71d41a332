"""Forget somebody, take away what is stored about them, invite them: by command."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from home_runs import Home
from small_corpora import rating_rows, write_labels, write_ratings

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.store import (
    Database,
    InvitationError,
    list_invitations,
    list_sessions,
    redeem_invitation,
    verify_session,
)


@pytest.fixture(scope="module")
def _labelled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("labelled") / "home")
    source = write_ratings(home.path.with_suffix(".csv"), rating_rows(30))
    home.here("import", "ratings", source, "--scale", "0:4").succeeded()
    for user, n in (("ann", 4), ("bob", 3)):
        labels = write_labels(home.path.with_name("labels.csv"), [(i, i % 5) for i in range(n)])
        home.here("label", user, "--from", labels, "--no-train").succeeded()
        store = ArtifactStore(home.path / "artifacts")
        for asset in ("personal_models", "personal_predictions", "personal_audit"):
            for _ in range(2):
                store.write(asset, {"of": user}, partition=user)
    return home


@pytest.fixture
def home(_labelled: Home, tmp_path: Path) -> Home:
    return _labelled.copied_to(tmp_path / "home")


def database(home: Home) -> Database:
    return Database.open(f"sqlite:///{home.path / 'labelaudit.db'}")


def test_somebody_is_forgotten_and_nobody_else(home: Home):
    document = home.here("forget", "ann", "--yes", "--json").succeeded().json
    assert document["user_id"] == "ann"
    assert (document["rows"]["labels"], document["result_versions"]) == (4, 6)
    assert not list((home.path / "artifacts").glob("*/ann"))
    after = home.here("export-person", "ann").succeeded().json
    assert {name: found for name, found in after.items() if found and name != "results"} == {
        "user_id": "ann"
    }
    assert not any(after["results"].values())
    bob = home.here("export-person", "bob").succeeded().json
    assert len(bob["labels"]) == 3
    assert all(len(versions) == 2 for versions in bob["results"].values())
    again = home.here("forget", "ann", "--yes").succeeded()
    assert "Nothing is stored about ann" in again.err


def test_it_asks_first_and_no_means_no(home: Home):
    answer = home.run("forget", "ann")
    assert answer.code == 1
    assert "no way back" in answer.err
    assert len(home.here("export-person", "ann").succeeded().json["labels"]) == 4


def test_names_are_shown_without_what_terminals_obey(home: Home):
    shown = home.here("forget", "\x1b[2Jann", "--yes").succeeded()
    assert "\x1b" not in shown.err
    assert len(home.here("export-person", "ann").succeeded().json["labels"]) == 4


def test_before_anything_is_stored_there_is_nobody(tmp_path: Path):
    home = Home(tmp_path / "home")
    home.path.mkdir()
    assert "Nothing is stored" in home.here("forget", "ann", "--yes").succeeded().err


def test_taking_away_before_anything_is_stored_says_so(tmp_path: Path):
    Home(tmp_path / "nothing").here("export-person", "ann").failed("database")


def test_an_invitation_is_printed_once_and_can_be_taken_back(home: Home):
    answer = home.here("invite", "--role", "auditor", "--subject", "ann", "--name", "mail")
    link = answer.succeeded().out.strip()
    found = re.fullmatch(r"http://127\.0\.0\.1:8000/join/(lai_([0-9a-f]{16})_\S+)", link)
    assert found, link
    text, identifier = found.groups()
    assert f"labelaudit session revoke {identifier}" in answer.err
    secret = text.rpartition("_")[2]
    assert secret not in answer.err
    with database(home) as opened:
        [made] = list_invitations(opened)
        assert (made.role, made.subject, made.uses_allowed) == ("auditor", "ann", 1)
        assert made.expires_at is not None
        assert 13 <= (made.expires_at - datetime.now(UTC)).days <= 14
        session, cookie = redeem_invitation(opened, text, datetime.now(UTC))
    listed = home.here("session", "list", "--json").succeeded().json
    assert [(row["id"], row["kind"], row["state"]) for row in listed] == [
        (identifier, "invitation", "used"),
        (session.session_id, "session", "valid"),
    ]
    shown = home.here("session", "list").succeeded().out
    assert identifier in shown
    assert secret not in shown
    # Given whole, the text's secret is not repeated.
    ended = home.here("session", "revoke", cookie).succeeded()
    assert cookie.rpartition("_")[2] not in ended.err
    with database(home) as opened:
        assert verify_session(opened, cookie, now=datetime.now(UTC)) is None
        assert list_sessions(opened, "ann")[0].revoked_at is not None


def test_a_revoked_invitation_signs_nobody_in(home: Home):
    document = (
        home.here("invite", "--role", "participant", "--uses", "3", "--json").succeeded().json
    )
    assert (document["subject"], document["uses"]) == (None, 3)
    home.here("session", "revoke", document["invitation_id"]).succeeded()
    with database(home) as opened, pytest.raises(InvitationError):
        redeem_invitation(
            opened, document["link"].rpartition("/")[2], datetime.now(UTC), subject="zoe"
        )


def test_links_begin_with_the_public_address(home: Home):
    link = (
        home.here("invite", "--role", "analyst", public_url="https://audit.example/")
        .succeeded()
        .out
    )
    assert link.startswith("https://audit.example/join/lai_")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("invite", "--role", "analyst", "--subject", "ann"), "has no subject"),
        (("session", "revoke", "0123456789abcdef"), "no invitation and no session"),
    ],
)
def test_what_cannot_be_is_explained(home: Home, arguments, message):
    home.here(*arguments).failed(message)


def test_programs_are_not_invited(home: Home):
    assert home.here("invite", "--role", "pipeline").code == 2
