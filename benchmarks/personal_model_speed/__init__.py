"""Time and memory of personal models at the size of IndieLabel's own corpus, synthetic."""
