return generation and 1 or 0
