"""`labelaudit backup` and `labelaudit restore`: a home in one file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, progress, say, say_result


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--without-artifacts",
    is_flag=True,
    help="Leave the results out, where they lie in a bucket that keeps its versions.",
)
@json_option
def backup(file: Path, without_artifacts: bool, as_json: bool) -> None:
    """Copy this home into FILE, while everything runs.

    Database, results and Dagster's storage, as they were at one moment. FILE must not exist; it
    appears whole or not at all. It holds personal data and no keys.
    """
    from labelaudit_dagster.backup import make_backup

    settings = opening.settings()
    with progress("starting") as tell:
        report = make_backup(
            settings, file.absolute(), without_artifacts=without_artifacts, tell=tell
        )
    if as_json:
        emit_json(
            {
                "file": str(report.file),
                "moment": report.moment.isoformat(),
                "size": report.size,
                "artifact_versions": report.versions,
                "parts": list(report.parts),
            }
        )
        return
    say_result(
        f"{report.file}: {report.size / 1024**2:,.1f} MiB, the state of "
        f"{report.moment:%Y-%m-%d %H:%M:%S} UTC, with {', '.join(report.parts)}."
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def restore(file: Path, as_json: bool) -> None:
    """Make a home of a backup FILE.

    LABELAUDIT_HOME must name a folder that is empty or absent: nothing is ever overwritten.
    """
    from labelaudit_dagster.backup import restore_backup

    settings = opening.settings()
    with progress("starting") as tell:
        report = restore_backup(settings, file.absolute(), tell=tell)
    if as_json:
        emit_json(
            {
                "home": str(report.home),
                "moment": report.moment.isoformat(),
                "parts": list(report.parts),
                "ended_runs": report.ended_runs,
            }
        )
        return
    say_result(
        f"{report.home} is as it was at {report.moment:%Y-%m-%d %H:%M:%S} UTC: "
        f"{', '.join(report.parts)}."
    )
    if report.ended_runs:
        say(f"{report.ended_runs:,} runs were under way then; they count as failed.")
    say(
        "Next: labelaudit doctor, then labelaudit status. Whoever was forgotten since: forget anew."
    )
