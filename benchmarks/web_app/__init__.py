"""The web app in a real browser: first views, clicks to painted results, layout that stays."""
