"""Evidence rules, checked on their own."""
