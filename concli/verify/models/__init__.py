"""Sequential specifications of the patterns, one a file."""
