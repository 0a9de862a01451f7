"""Runs, and what is built on many of them."""
