"""The chapters of a report, each a function of what was simulated to blocks that any paper can set."""
