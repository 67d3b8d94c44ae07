"""What entries are written as."""
