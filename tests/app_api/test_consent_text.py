"""The text that people agree to: ours, an installation's own, and files that are none."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app_api.application import create_app
from app_api.consent_text import MOST_BYTES, OURS, consent_text
from labelaudit_dagster.settings import Settings, SettingsError


def written(tmp_path, raw):
    file = tmp_path / "consent.txt"
    file.write_bytes(raw)
    return file


def test_without_a_file_it_is_ours():
    assert consent_text(None) is OURS
    assert len(OURS.paragraphs) == 4


@pytest.mark.parametrize(
    "raw",
    [
        b"First\nline.\n\nSecond.",
        b"First\r\nline.\r\n\r\nSecond.\r\n",
        b"\xef\xbb\xbfFirst\rline.\r\r\rSecond.",
        b"\n\n  First   line. \n \t \n\n Second.\n\n",
    ],
)
def test_paragraphs_stand_between_empty_lines(tmp_path, raw):
    found = consent_text(written(tmp_path, raw))
    assert found.paragraphs == ("First line.", "Second.")
    assert found.version == consent_text(written(tmp_path, b"First line.\n\nSecond.")).version


def test_another_text_is_another_version(tmp_path):
    assert consent_text(written(tmp_path, "同意。".encode())).paragraphs == ("同意。",)
    texts = [b"I agree.", b"I agree!", b"I\n\nagree."]
    versions = {consent_text(written(tmp_path, text)).version for text in texts}
    assert len(versions | {OURS.version}) == 4


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "is empty"),
        (b" \n\n \t\n", "is empty"),
        (b"Gr\xfc\xdfe", "is not UTF-8 at byte 2"),
        (b"a\0b", "zero byte"),
        (b"x" * (MOST_BYTES + 1), "holds more than 65,536 bytes"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, raw, problem):
    file = tmp_path / "none.txt" if raw is None else written(tmp_path, raw)
    with pytest.raises(SettingsError) as caught:
        consent_text(file)
    assert str(caught.value).startswith("LABELAUDIT_CONSENT_FILE: ")
    assert problem in str(caught.value)
    assert "unset the variable" in str(caught.value)


def test_a_folder_is_no_text(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        consent_text(tmp_path)


def test_a_server_does_not_start_with_a_wrong_one(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
    done = subprocess.run(
        [sys.executable, "-m", "labelaudit_dagster.cli", "serve", "--port", "0"],
        env={
            **environment,
            "LABELAUDIT_HOME": str(tmp_path / "home"),
            "LABELAUDIT_CONSENT_FILE": str(tmp_path / "nowhere.txt"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "LABELAUDIT_CONSENT_FILE" in done.stderr
    assert "Traceback" not in done.stderr


def test_people_are_asked_again_when_the_text_has_changed(make_server, tmp_path):
    file = written(tmp_path, b"Be kind.\n\n<b>Be honest.</b>")
    with make_server(consent_file=file) as server:
        asked = server.get("/v1/consent?participant_id=ann").json()
        assert asked["text"] == ["Be kind.", "<b>Be honest.</b>"]
        body = {"version": asked["version"], "participant_id": "ann"}
        assert server.post("/v1/consent", body).json()["given_at"]
    with make_server(consent_file=file) as server:
        assert server.get("/v1/consent?participant_id=ann").json()["given_at"]
    with make_server() as server:
        again = server.get("/v1/consent?participant_id=ann").json()
        assert (again["given_at"], again["text"]) == (None, list(OURS.paragraphs))


def test_the_application_takes_it_from_the_settings(tmp_path):
    settings = Settings(home=tmp_path / "home", consent_file=written(tmp_path, b"Mine."))
    app = create_app(settings)
    try:
        assert app.state.services.consent.paragraphs == ("Mine.",)
    finally:
        app.state.services.trainer.close()
        app.state.services.database.close()
