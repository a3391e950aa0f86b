"""The closed core: people, what happens to them, and the year."""
