"""Models, and the preprocessing they own."""
