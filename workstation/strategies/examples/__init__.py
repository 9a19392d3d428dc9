"""Examples: complete strategies that import `workstation.strategies.api` and nothing else. Copy one to begin with."""
