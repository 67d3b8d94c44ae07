"""Choosing entries and shaping them: by level, time, text and fields; redacted, sampled, without repeats."""
