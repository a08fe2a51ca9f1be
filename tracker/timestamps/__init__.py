"""What is known about when: decoded ids, reported times, and how they are weighed."""
