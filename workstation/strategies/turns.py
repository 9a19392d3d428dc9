"""A strategy's code with a question at every turn of its loops: whether it should stand aside for a moment.

The text stays as it was written: lines in tracebacks and the hash of the file are those of the author's. What is asked
is a name of the module that its importer sets. Pure functions on syntax trees.
"""

import ast
from typing import TypeVar

ASIDE = "__stand_aside__"

_Loop = TypeVar("_Loop", ast.For, ast.While)


def with_turns(source: str, file: str) -> ast.Module:
    """Return a module's tree whose loops and comprehensions ask at each turn.

    Raises:
        SyntaxError: the source is none.
    """
    tree: ast.Module = _Turns().visit(ast.parse(source, file))
    return ast.fix_missing_locations(tree)


class _Turns(ast.NodeTransformer):
    """Adds the question where code can go on without end."""

    def _loop(self, node: _Loop) -> _Loop:
        self.generic_visit(node)
        asked = ast.copy_location(ast.Expr(_question(node)), node)
        node.body.insert(0, asked)
        return node

    # Names that ast prescribes

    def visit_For(self, node: ast.For) -> ast.For:
        """Ask at the beginning of each turn."""
        return self._loop(node)

    def visit_While(self, node: ast.While) -> ast.While:
        """Ask at the beginning of each turn."""
        return self._loop(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        """Ask as the first condition, which always holds."""
        self.generic_visit(node)
        node.ifs.insert(0, _question(node.target))
        return node


def _question(near: ast.AST) -> ast.Call:
    """Return the call, on the line of what it is asked in."""
    call = ast.Call(func=ast.Name(id=ASIDE, ctx=ast.Load()), args=[], keywords=[])
    return ast.copy_location(call, near)
