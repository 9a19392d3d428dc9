"""Screen state without a screen: what panels and streams show, testable without a display.

Fed by frames from the engine (last but one stage of both walks); reads the core, never changes it.
"""
