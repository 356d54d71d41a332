"""The versioned Parquet and JSON store."""
