"""Error pages, health, language."""
