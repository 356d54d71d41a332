"""A server on a disk that fills up, on one that turns read-only, and beside another server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from audited_homes import copy_of

ROOMY = "512m"
LABEL = "/v1/users/ann/models/my_model/labels/30"
TRAINING = "/v1/users/ann/models/my_model/trainings"
READS = (
    "/v1/constitution",
    "/v1/guidelines",
    "/v1/users/ann/models/my_model/labels",
    "/v1/users/ann/models/my_model/audit",
    "/healthz",
    "/readyz",
)


class Disk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, options: str, *more: str) -> None:
        line = ["mount", *more, "-o", options, "tmpfs", str(self.folder)]
        if subprocess.run(line, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small file system is not allowed here")

    def fill(self) -> None:
        """Leave no room at once, without writing a filler."""
        found = os.statvfs(self.folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        self.mount(f"remount,size={used}")

    def free(self) -> None:
        self.mount(f"remount,size={ROOMY}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    found = Disk(folder)
    found.mount(f"size={ROOMY}", "-t", "tmpfs")
    try:
        yield found
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)


def rating(url: str, name: str) -> requests.Response:
    guideline = requests.get(f"{url}/v1/guidelines", timeout=60).json()["guidelines"][0]
    document = {
        "participant_id": name,
        "guideline_id": guideline["guideline_id"],
        "rating": "helpful",
    }
    return requests.post(f"{url}/v1/ratings", json=document, timeout=60)


def labels_of(url: str) -> list[dict[str, int]]:
    answer = requests.get(f"{url}/v1/users/ann/models/my_model/labels", timeout=60)
    return answer.json()["labels"]


def check_problem(answer: requests.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["detail"]


@pytest.mark.slow
@pytest.mark.parametrize("trained_before", [True, False])
def test_a_disk_that_fills_up(
    audited_home: Path, disk: Disk, serve_home, *, trained_before: bool
) -> None:
    home = copy_of(audited_home, disk.folder / "home")
    with serve_home(home) as url:
        assert rating(url, "before").status_code == 200
        before = {row["item_id"]: row["rating"] for row in labels_of(url)}.get(30)
        if trained_before:
            # The first label has Dagster opened in the background, whose files come and go until
            # it stands: the disk is filled when a training has seen it open.
            assert requests.put(url + LABEL, json={"rating": 1}, timeout=60).status_code == 200
            assert requests.post(url + TRAINING, timeout=200).status_code in (200, 201)
            assert requests.put(url + LABEL, json={"rating": 2}, timeout=60).status_code == 200
            before = 2
        constitution = requests.get(f"{url}/v1/constitution", timeout=60).json()
        disk.fill()
        check_problem(rating(url, "meanwhile"), 507)
        check_problem(requests.put(url + LABEL, json={"rating": 3}, timeout=60), 507)
        check_problem(requests.post(url + TRAINING, timeout=120), 503, 507)
        for path in READS:
            assert requests.get(url + path, timeout=60).status_code == 200, path
        assert requests.get(f"{url}/v1/constitution", timeout=60).json() == constitution
        disk.free()
        # It goes on by itself; of what was refused nothing is there.
        assert rating(url, "after").status_code == 200
        assert {row["item_id"]: row["rating"] for row in labels_of(url)}.get(30) == before
        raters = requests.get(
            f"{url}/api/openapi/exports", params={"users": "True"}, timeout=60
        ).json()["users"]
        assert {"before", "after"} <= {user["id"] for user in raters}
        assert "meanwhile" not in {user["id"] for user in raters}
        trained = requests.post(url + TRAINING, timeout=200)
        assert trained.status_code in (200, 201), trained.text


@pytest.mark.slow
def test_two_servers_on_one_home(audited_home: Path, tmp_path: Path, serve_home) -> None:
    """Each sees at once what the other stored, and a model is trained once for both."""
    home = copy_of(audited_home, tmp_path / "home")
    with serve_home(home) as one, serve_home(home) as other:
        for number, url in enumerate([one, other, one, other]):
            assert rating(url, f"visitor {number}").status_code == 200
            path = f"/v1/users/ann/models/my_model/labels/{40 + number}"
            assert requests.put(url + path, json={"rating": 2}, timeout=60).status_code == 200
        users = [
            requests.get(f"{url}/api/openapi/exports", params={"users": "True"}, timeout=60).json()
            for url in (one, other)
        ]
        assert users[0] == users[1]
        assert {f"visitor {n}" for n in range(4)} <= {user["id"] for user in users[0]["users"]}
        trained = [requests.post(url + TRAINING, timeout=200).json() for url in (one, other)]
        assert trained[0]["version"] == trained[1]["version"]
        assert [answer["is_new"] for answer in trained] == [True, False]


def test_a_server_on_a_read_only_home(audited_home: Path, disk: Disk) -> None:
    """It does not start where it could store nothing, and says why."""
    home = copy_of(audited_home, disk.folder / "home")
    disk.mount("remount,ro")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
    done = subprocess.run(
        [sys.executable, "-m", "labelaudit_dagster.cli", "serve", "--port", "0"],
        env={**environment, "LABELAUDIT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert str(home) in done.stderr
    disk.mount("remount,rw")
