"""Settings, paths, shipped resources and secrets: read here, handed to the core as plain values."""
