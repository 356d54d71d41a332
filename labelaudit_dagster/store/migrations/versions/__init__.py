"""One module per released schema version; a released one is never changed."""
