"""Interrupt a stack's `up` and `destroy` at random moments, and see that the next run mends it."""
