"""The simulated years against the published record: its patterns, their tests and verdicts."""
