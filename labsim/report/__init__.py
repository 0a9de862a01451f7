"""Figures and reports; they see results, never the world."""
