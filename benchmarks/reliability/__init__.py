"""What the product does when things go wrong, and when it has run for years."""
