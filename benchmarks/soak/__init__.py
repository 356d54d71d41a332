"""The whole installation under a stream of ratings and labels, with a fault every few seconds."""
