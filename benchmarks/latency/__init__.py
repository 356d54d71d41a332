"""From what people do to what comes of it, with nobody touching anything."""
