"""Units of time: the program counts nanoseconds."""

NS_PER_S = 1_000_000_000
