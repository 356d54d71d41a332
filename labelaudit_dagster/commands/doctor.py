"""`labelaudit doctor`: check this installation and say what to do."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, say_result
from labelaudit_dagster.diagnosis import diagnose


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check programs, storage, services, clock and daemon; ends with 1 if something is wrong.

    It asks the platform once, and leaves nothing in the home.
    """
    findings = diagnose(opening.settings(), now=datetime.now(UTC))
    if as_json:
        emit_json(
            {
                "healthy": all(finding.ok for finding in findings),
                "findings": [
                    {"what": f.what, "ok": f.ok, "finding": f.finding, "advice": f.advice}
                    for f in findings
                ],
            }
        )
    else:
        for finding in findings:
            mark = "ok  " if finding.ok else "BAD "
            say_result(f"{mark} {finding.what}: {finding.finding}")
            if finding.advice:
                say_result(f"     {finding.advice}")
    if not all(finding.ok for finding in findings):
        ctx.exit(1)
