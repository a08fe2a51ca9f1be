"""What other methods find on the same corpus."""
