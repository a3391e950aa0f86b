"""What may be asked: the schema of scenarios and the scenario files."""
