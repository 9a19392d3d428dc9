"""The frame around the panels: windows, docking, top bar, status bar, hotkeys, layouts."""
