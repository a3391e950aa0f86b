"""What happens to people: one process a file, each kernel beside its API."""
