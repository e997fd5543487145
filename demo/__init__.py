"""The demonstration's data: real ratios and outcomes, invented firms. Developers' commands."""
