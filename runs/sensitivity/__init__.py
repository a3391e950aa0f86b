"""Global sensitivity: which lever moves which number of a run, and how much."""
