"""Initial value problems by Taylor's method."""
