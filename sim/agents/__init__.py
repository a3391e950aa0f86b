"""Who: the columns of a person, populations, families and their files."""
