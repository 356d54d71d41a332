"""Reports over HTTP: their documents, evidence, drafts, forms for people, and submission."""
