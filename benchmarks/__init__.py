"""What labsim costs in seconds and memory, and what pairing scenarios saves; run with `python -m benchmarks`."""
