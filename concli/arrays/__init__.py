"""The jobs on arrays, and what numpy brings along for them."""
