"""The gate: every kind of file that labsim reads is known by what is in it, and checked as a run would read it."""
