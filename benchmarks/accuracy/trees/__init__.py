"""Made edit trees: who copied whom is known, so chains can be judged."""
