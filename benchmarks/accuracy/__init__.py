"""How much is found, beside what simpler methods find."""
