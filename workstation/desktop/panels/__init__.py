"""The panels. Each is a thin widget over a Qt-free view model, fed by frames."""
