"""The browser app: choose levers, run, compare, and hold a workshop, without the internet.

It reads `Results`, replicates and what `labsim.experiment` gives, never the world.
"""
