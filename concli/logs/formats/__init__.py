"""The formats of logs that people have."""
