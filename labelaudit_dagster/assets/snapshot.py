"""`ratings_export`: the raw snapshot that everything else is made from."""

import gzip

import dagster as dg

from labelaudit_dagster.artifacts import Blob
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.resources.artifact_io_manager import EXTRA
from labelaudit_dagster.resources.ratings_source import RatingsSource

GROUP = "constitution"


@dg.asset(
    group_name=GROUP,
    kinds={"json"},
    code_version="1",
    description=(
        "The platform's export as it was received: topics, guidelines, ratings, users and the "
        "last published parameters. Compressed JSON, kept unchanged."
    ),
)
def ratings_export(
    context: dg.AssetExecutionContext, ratings_source: dg.ResourceParam[RatingsSource]
) -> dg.MaterializeResult[Blob]:
    """Pull the export from the platform, or from the home's own database."""
    with explained():
        snapshot = ratings_source.snapshot()
    # Level 6 and no time in the header: the same export gives the same bytes.
    packed = gzip.compress(snapshot.body, compresslevel=6, mtime=0)
    context.log.info(f"{len(snapshot.body):,} bytes from {snapshot.origin}")
    return dg.MaterializeResult(
        value=Blob(packed, ".json.gz"),
        data_version=dg.DataVersion(snapshot.content_hash),
        metadata={
            EXTRA: dg.MetadataValue.json(
                {
                    "origin": snapshot.origin,
                    "etag": snapshot.etag,
                    "database_change": snapshot.database_change,
                    "fingerprint": snapshot.fingerprint,
                }
            ),
            "from": snapshot.origin,
            "content hash (sha256)": snapshot.content_hash,
            "size (bytes)": len(snapshot.body),
            "size, compressed (bytes)": len(packed),
        },
    )
