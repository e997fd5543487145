"""The demonstration's data: real ratios and outcomes, invented firms. Developers' commands, never imported by the zone."""
