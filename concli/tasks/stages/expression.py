"""A stage that evaluates an expression of ``x``: ``expr:x * x``.

The text is parsed to a tree, and each node of it must be one of those few below: literals, ``x``, the functions of
``functions.py``, operators, comparisons, ``and``, ``or``, ``not``, ``a if b else c``, ``x[…]``, lists, tuples,
dictionaries and f-strings. There are no attributes, no other names, no lambdas and no comprehensions, so nothing
leads to an object that is not the item's or made of it. Operators become calls of those that are bounded.

>>> Expression("x * x + 1")(7), Expression("upper(x[0]) + x[1:]")("word")
(50, 'Word')

A text that is a number counts as that number where texts have no meaning, and in ``x * 2``; ``+`` joins two texts:

>>> Expression("x * 2 - 1")("21"), Expression("x + x")("21"), Expression("'-' * 3")(None)
(41, '2121', '---')
"""

import ast
import re
from collections.abc import Callable
from typing import Any, NoReturn

from concli.errors import UsageError
from concli.tasks.stages.functions import FUNCTIONS, OPERATORS, compare, number_if_it_is_one

__all__ = ["Expression"]

_LONGEST = 4000  # characters
_DEEPEST = 60
# What an f-string may say of how a value is shown: no widths that fill the memory.
_FORMAT = re.compile(r"(?:[^{}]?[<>=^])?[-+ ]?#?0?\d{0,3}[,_]?(?:\.\d{1,3})?[a-zA-Z%]?")
_LITERALS = (str, bytes, bool, int, float, type(None))
_NAMESPACE: dict[str, Callable[..., Any]] = {
    **FUNCTIONS,
    **{f"_{name}": call for name, call in OPERATORS.items()},
    "_compare": compare,
    "_number": number_if_it_is_one,
}
_KEPT = (
    ast.Subscript,
    ast.Slice,
    ast.IfExp,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Load,
    ast.JoinedStr,
)


class Expression:
    """An expression, checked and compiled once; its ``function`` is what to call. Raises ``UsageError``."""

    kills_at_timeout = False

    def __init__(self, text: str) -> None:
        self._text = text
        checked = _Checker(text).checked()
        arguments = ast.arguments(posonlyargs=[ast.arg("x")], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        function = ast.Expression(ast.Lambda(arguments, checked))
        code = compile(ast.fix_missing_locations(function), "<expr>", "eval")
        self.function: Callable[[Any], Any] = eval(code, {"__builtins__": {}, **_NAMESPACE})  # noqa: S307 - checked

    def __call__(self, item: Any) -> Any:
        """Return the value for ``item``."""
        return self.function(item)

    def describe(self, item: Any) -> str:
        """Return the expression and what ``x`` is."""
        return f"{self._text} with x = {item!r}"

    def cancel(self) -> None:
        """Do nothing: no expression takes long."""


class _Checker(ast.NodeTransformer):
    """Makes the tree that is evaluated of the one that was written, or raises ``UsageError``."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._depth = 0

    def checked(self) -> ast.expr:
        if len(self._text) > _LONGEST:
            self._fail(None, f"it has more than {_LONGEST} characters; write a function, and py:")
        try:
            tree = ast.parse(self._text, mode="eval")
        except SyntaxError as error:
            self._fail(error.offset, error.msg)
        except (ValueError, RecursionError, MemoryError) as error:  # a NUL; nested too deeply
            self._fail(None, str(error) or "it is nested too deeply")
        checked: ast.expr = self.visit(tree.body)
        return checked

    def _fail(self, column: int | None, problem: str) -> NoReturn:
        where = "" if column is None else f"column {column}: "
        raise UsageError(f"expr:{self._text[:80]}: {where}{problem}")

    def _refuse(self, node: ast.AST, problem: str) -> NoReturn:
        self._fail(getattr(node, "col_offset", 0) + 1, problem)

    def visit(self, node: ast.AST) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse(node, "it is nested too deeply")
        visited = super().visit(node)
        self._depth -= 1
        return visited

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, _KEPT):
            self._refuse(node, f"{_NAMES.get(type(node).__name__, type(node).__name__)} can't be used here")
        return super().generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in FUNCTIONS:
            self._refuse(node, f"{node.id} is a function: call it, as in {node.id}(x)")
        if node.id != "x":
            self._refuse(node, f"there is no {node.id!r}, only x and {', '.join(FUNCTIONS)}")
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, _LITERALS):
            self._refuse(node, f"{node.value!r} can't be used here")
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            called = ast.unparse(node.func)[:40]
            self._refuse(node, f"there is no function {called!r}, only {', '.join(FUNCTIONS)}")
        arguments = [self.visit(argument) for argument in node.args]
        return ast.Call(node.func, arguments, [self._keyword(keyword) for keyword in node.keywords])

    def _keyword(self, node: ast.keyword) -> ast.keyword:
        if node.arg is None:
            self._refuse(node.value, "** can't be used here")
        if node.arg == "key" and isinstance(node.value, ast.Name) and node.value.id in FUNCTIONS:
            return node  # sorted(x, key=len)
        return ast.keyword(node.arg, self.visit(node.value))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        operands = [node.left, node.right]
        checked = [self.visit(operand) for operand in operands]
        if isinstance(node.op, ast.Mult):
            checked = [
                _call("_number", new) if isinstance(old, ast.Name | ast.Subscript) else new
                for old, new in zip(operands, checked, strict=True)
            ]
        return self._operation(node, node.op, checked)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return ast.UnaryOp(node.op, operand)
        return self._operation(node, node.op, [operand])

    def _operation(self, node: ast.AST, sign: ast.AST, operands: list[ast.expr]) -> ast.AST:
        name = type(sign).__name__
        if name not in OPERATORS:
            self._refuse(node, f"the operator {name} can't be used here")
        return _call(f"_{name}", *operands)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        signs = ast.Tuple([ast.Constant(type(sign).__name__) for sign in node.ops], ast.Load())
        return _call("_compare", signs, *(self.visit(operand) for operand in (node.left, *node.comparators)))

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        parts = node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []
        for part in parts:
            if not isinstance(part, ast.Constant) or not _FORMAT.fullmatch(str(part.value)):
                self._refuse(node, "this format can't be used here; write one such as >10 or .2f")
        return ast.FormattedValue(self.visit(node.value), node.conversion, node.format_spec)


_NAMES = {
    "Attribute": "an attribute (a dot behind a value)",
    "Lambda": "lambda",
    "NamedExpr": ":=",
    "Starred": "*",
    "ListComp": "a comprehension",
    "SetComp": "a comprehension",
    "DictComp": "a comprehension",
    "GeneratorExp": "a comprehension",
}


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
