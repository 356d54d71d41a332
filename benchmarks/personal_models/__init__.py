"""How well a person's ratings are predicted from a few labels, against what else one could do."""
