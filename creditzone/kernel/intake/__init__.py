"""Files on their way in: read, checked against their domain, and sealed as they are read."""
