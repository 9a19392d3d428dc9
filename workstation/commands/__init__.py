"""Each thing a user can do, declared once: id, title, keys, parameters, scope and what it runs.

Menus, palette, hotkeys and REST routes all come from this registry; a gesture without a command is a defect.
"""
