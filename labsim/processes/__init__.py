"""The processes of the month: each reads and writes columns, none knows another."""
