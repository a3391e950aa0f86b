"""Small programs that show how Vandring is used."""
