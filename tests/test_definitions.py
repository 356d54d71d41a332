"""What Dagster is told: the assets, their checks, jobs and resources, against a kept picture.

After an intended change: `python tests/test_definitions.py` writes the picture anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from labelaudit_dagster.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURE = Path(__file__).with_name("definitions.json")


def described(home: Path) -> dict[str, Any]:
    """Return everything that other code, run configuration and operators refer to by name."""
    from labelaudit_dagster.definitions import build_definitions

    definitions = build_definitions(Settings(home=home))
    graph = definitions.resolve_asset_graph()
    return {
        "assets": {
            spec.key.to_user_string(): {
                "group": spec.group_name,
                "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
                "code_version": spec.code_version,
                "kinds": sorted(spec.kinds),
                "partitions": None
                if spec.partitions_def is None
                else type(spec.partitions_def).__name__,
            }
            for spec in sorted(definitions.resolve_all_asset_specs(), key=lambda s: s.key)
        },
        "checks": {
            key.to_user_string(): {"blocking": graph.get_check_spec(key).blocking}
            for key in sorted(graph.asset_check_keys)
        },
        "jobs": {
            job.name: {
                "assets": sorted(
                    key.to_user_string() for key in job.asset_layer.selected_asset_keys
                ),
                "tags": dict(sorted(job.tags.items())),
            }
            for job in sorted(definitions.resolve_all_job_defs(), key=lambda job: job.name)
            if not job.name.startswith("__")
        },
        "sensors": sorted(sensor.name for sensor in definitions.sensors or ()),
        "schedules": sorted(schedule.name for schedule in definitions.schedules or ()),
        "resources": sorted(definitions.resources or ()),
    }


def test_definitions_are_as_in_the_picture(tmp_path: Path):
    assert described(tmp_path) == json.loads(PICTURE.read_text(encoding="utf-8")), (
        "If this change is meant, write the picture anew: python tests/test_definitions.py"
    )


def test_everything_is_described(tmp_path: Path):
    from labelaudit_dagster.definitions import build_definitions

    definitions = build_definitions(Settings(home=tmp_path))
    graph = definitions.resolve_asset_graph()
    texts = {
        **{s.key.to_user_string(): s.description for s in definitions.resolve_all_asset_specs()},
        **{
            key.to_user_string(): graph.get_check_spec(key).description
            for key in graph.asset_check_keys
        },
        **{
            job.name: job.description
            for job in definitions.resolve_all_job_defs()
            if not job.name.startswith("__")
        },
    }
    assert [name for name, text in texts.items() if len(text or "") < 20] == []


def test_building_definitions_writes_nothing(tmp_path: Path):
    described(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Return what a fresh shell has, with a home to keep the repository clean."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**environment, "LABELAUDIT_HOME": str(home), "DO_NOT_TRACK": "1", **more}


def run_tool(tool: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name(tool)), *arguments],
        cwd=REPOSITORY,
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_dagster_validates_the_workspace(tmp_path: Path):
    done = run_tool("dagster", "definitions", "validate", "-w", "workspace.yaml", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation successful" in done.stdout + done.stderr


def test_dagster_names_a_setting_that_cannot_work(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", "import labelaudit_dagster.definitions"],
        cwd=REPOSITORY,
        env=clean_environment(tmp_path, LABELAUDIT_NDIM="abc"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "SettingsError: LABELAUDIT_NDIM" in done.stderr


if __name__ == "__main__":
    PICTURE.write_text(
        json.dumps(described(Path("/nowhere")), indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
