"""Why the numbers may be believed, and how far: back-casts, calibration, validation, the ledger of evidence."""
