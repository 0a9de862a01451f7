"""One person's life in a run: what happened month by month, why, and what another policy would have changed."""
