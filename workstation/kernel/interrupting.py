"""Ends Python code that does not return, on a thread of its own: an exception is raised into it at its next bytecode.

The last resort for code of a user's. Code that waits in a library is held until that returns.
"""

import ctypes


def interrupt_thread(ident: int, kind: type[BaseException]) -> None:
    """Raise `kind` into a thread, by its identifier; a thread that has ended is left alone. From any thread."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(kind))
