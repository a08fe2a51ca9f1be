"""What fingerprinting costs: processor time against plain decoding, and memory."""
