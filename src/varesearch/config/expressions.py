"""Expressions that a user writes in a setting, such as ``-65 + 15*r**2``, evaluated over arrays.

The syntax is that of Python's arithmetic, read with :mod:`ast`. Only what is named here is evaluated: numbers, names,
operators, comparisons and the functions of :data:`FUNCTIONS`. Nothing else of Python can be reached, all numbers are
float64 (so that ``9**9**9`` is an overflow, not hours of work), and long or deeply nested texts are refused.

Powers, exp and the like are numpy's, whose last bit may differ between processors.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Collection, Mapping
from functools import cached_property, reduce
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varesearch.config.errors import ConfigurationError
from varesearch.config.wording import did_you_mean, number, shortened, written

KEY = "expression"
"""The key by which an expression is recognised in the configuration."""

FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int]] = {
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "sqrt": (np.sqrt, 1),
    "abs": (np.abs, 1),
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "tanh": (np.tanh, 1),
    "minimum": (np.minimum, 2),
    "maximum": (np.maximum, 2),
    "clip": (lambda values, low, high: np.minimum(np.maximum(values, low), high), 3),
    "where": (np.where, 3),
}
"""Name -> function, and its number of arguments."""

CONSTANTS: Mapping[str, float] = {"pi": np.pi}

RESERVED = (*FUNCTIONS, *CONSTANTS)
"""Names that mean something in every expression, so that nothing else can be called so."""

_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder,
    ast.Pow: np.power,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: np.logical_not,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_BY_ZERO = (ast.Div, ast.FloorDiv, ast.Mod)

_LONGEST = 500
"""Characters of a text."""
_DEEPEST = 100
"""Levels of nesting."""

_ALLOWED = (
    "an expression has numbers, names, + - * / // % **, comparisons, and, or, not, the constant pi, and the functions "
    + ", ".join(FUNCTIONS)
)

_Names = Mapping[str, NDArray[np.float64]]


class Expression:
    """An expression, which is read and checked when it is made.

    Parameters
    ----------
    text
        What the user wrote.
    setting
        The full name of the setting, with which each message begins.

    Raises
    ------
    ConfigurationError
        One line: the text is no expression, or it uses something else of Python than arithmetic.

    Examples
    --------
    >>> reset = Expression("-65 + 15*r**2", "cell.c")
    >>> reset.names
    ('r',)
    >>> reset.value({"r": np.array([0.0, 1.0])})
    array([-65., -50.])
    """

    def __init__(self, text: str, setting: str) -> None:
        self.text, self.setting = text, setting
        self._tree = self._read()

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __str__(self) -> str:
        return written(self.plain)

    @property
    def plain(self) -> dict[str, str]:
        """The expression as it is written in the configuration."""
        return {KEY: self.text}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that need a value, in alphabetical order."""
        found = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        return tuple(sorted(found.difference(RESERVED)))

    def check_names(self, known: Collection[str]) -> None:
        """Raise ConfigurationError, with the nearest spelling, for a name that is not one of ``known``."""
        for name in self.names:
            if name not in known:
                hint = did_you_mean(name, (*known, *RESERVED))
                may = f"it may use {', '.join(known)}" if known else "it may use no name but those of functions and pi"
                self._refuse(f"uses {shortened(name, 40)}, which is unknown here; {may}{hint}")

    def value(self, names: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
        """Evaluate the expression for each element.

        Parameters
        ----------
        names
            The values of all names that occur, and of others if you like, as numbers or arrays that numpy can
            broadcast. A comparison is 1 where it is true, else 0.

        Returns
        -------
        numpy.ndarray
            float64; the shape is that to which ``names`` broadcast.

        Raises
        ------
        ConfigurationError
            One line: a name is unknown; or somewhere a division by zero, or a value that is not finite. The branch of
            ``where`` that is not taken does not count.
        """
        self.check_names(names.keys())
        arrays = {name: np.asarray(values, dtype=np.float64) for name, values in names.items()}
        shape = np.broadcast_shapes(*(values.shape for values in arrays.values()))
        spread = {name: np.broadcast_to(arrays[name], shape) for name in self.names}
        with np.errstate(all="ignore"):
            result = self._value(self._tree, spread, shape)
        return np.array(np.broadcast_to(result, shape), dtype=np.float64)

    def _refuse(self, why: str) -> NoReturn:
        shown = " ".join(shortened(self.text, 80).split())
        raise ConfigurationError(f"{self.setting}: the expression {shown!r} {why}")

    def _read(self) -> ast.expr:
        if len(self.text) > _LONGEST:
            self._refuse(f"is longer than {_LONGEST} characters; shorten it, or give parts of it a name of their own")
        try:
            with warnings.catch_warnings():
                # Python warns of text that is almost wrong, such as "1if x else 2".
                warnings.simplefilter("error")
                tree = ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError, Warning) as error:
            cause = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply or has odd characters"
            self._refuse(f"cannot be read: {' '.join(str(cause).split())}; {_ALLOWED}")
        level, depth = [tree], 0
        while level:
            depth += 1
            if depth > _DEEPEST:
                self._refuse(f"is nested more than {_DEEPEST} levels deep; give parts of it a name of their own")
            for node in level:
                self._check(node)
            level = [child for node in level for child in self._operands(node)]
        return tree

    @staticmethod
    def _operands(node: ast.expr) -> list[ast.expr]:
        parts = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
        return [part for part in parts if isinstance(part, ast.expr)]

    def _check(self, node: ast.expr) -> None:
        """Refuse a part that is neither arithmetic nor one of the functions with its number of arguments."""
        match node:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() as constant):
                if not _is_finite(constant):
                    self._refuse("has a number that is too large")
                return
            case ast.Name(id=name):
                if name in FUNCTIONS:
                    self._refuse(f"uses {name} without arguments; write {_call(name)}")
                return
            case ast.Compare(ops=operators) if all(type(each) in _OPERATORS for each in operators):
                return
            case ast.BinOp(op=op) | ast.UnaryOp(op=op) if type(op) in _OPERATORS:
                return
            case ast.BoolOp():
                return
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in FUNCTIONS:
                    hint = did_you_mean(name, FUNCTIONS)
                    name = shortened(name, 40)
                    self._refuse(f"calls {name}, which is unknown; the functions are {', '.join(FUNCTIONS)}{hint}")
                if len(arguments) != FUNCTIONS[name][1] or any(isinstance(each, ast.Starred) for each in arguments):
                    self._refuse(f"gives {name} {len(arguments)} arguments; write {_call(name)}")
                return
        self._refuse(f"holds {shortened(' '.join(ast.unparse(node).split()), 40)!r}, which is not allowed; {_ALLOWED}")

    def _value(self, node: ast.expr, names: _Names, shape: tuple[int, ...]) -> Any:
        match node:
            case ast.Constant(value=constant):
                return np.float64(constant)  # type: ignore[arg-type]
            case ast.Name(id=name):
                return np.float64(CONSTANTS[name]) if name in CONSTANTS else names[name]
            case ast.Call(func=ast.Name(id="where"), args=arguments):
                return self._where(arguments, names, shape)
            case ast.BoolOp():
                return self._logic(node, names, shape)
        operands = [self._value(each, names, shape) for each in self._operands(node)]
        result = np.asarray(_applied(node, operands), dtype=np.float64)
        if not np.isfinite(result).all():
            self._not_finite(node, result, operands, names, shape)
        return result

    def _inside(self, node: ast.expr, where: NDArray[np.bool_], names: _Names) -> NDArray[np.float64]:
        """Evaluate a part for some of the elements: ``where(x > 0, 1/x, 0)`` divides by no zero."""
        size = int(np.count_nonzero(where))
        inside = {name: values[where] for name, values in names.items()}
        return np.broadcast_to(self._value(node, inside, (size,)), (size,)) if size else np.empty(0)

    def _truth(self, node: ast.expr, names: _Names, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        return np.array(np.broadcast_to(self._value(node, names, shape), shape), dtype=bool)

    def _where(self, arguments: list[ast.expr], names: _Names, shape: tuple[int, ...]) -> NDArray[np.float64]:
        condition, then, otherwise = arguments
        taken, result = self._truth(condition, names, shape), np.empty(shape)
        result[taken] = self._inside(then, taken, names)
        result[~taken] = self._inside(otherwise, ~taken, names)
        return result

    def _logic(self, node: ast.BoolOp, names: _Names, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Evaluate ``and`` and ``or`` as Python does: what cannot change the result is not looked at."""
        first, *others = node.values
        result = self._truth(first, names, shape)
        for each in others:
            open_ = result if isinstance(node.op, ast.And) else ~result
            result[open_] = self._inside(each, open_.copy(), names).astype(bool)
        return result.astype(np.float64)

    def _not_finite(
        self, node: ast.expr, result: Any, operands: list[Any], names: _Names, shape: tuple[int, ...]
    ) -> NoReturn:
        """Refuse a part with a value that is not finite, with the values for which it is so."""
        first = int(np.argmin(np.isfinite(np.broadcast_to(result, shape)).reshape(-1)))

        def at(values: Any) -> float:
            return float(np.broadcast_to(values, shape).reshape(-1)[first])

        where = ", ".join(f"{name}={number(at(values))}" for name, values in names.items())
        by_zero = isinstance(node, ast.BinOp) and isinstance(node.op, _BY_ZERO) and at(operands[1]) == 0
        what = "is a division by zero" if by_zero else "is not a finite number"
        part = shortened(ast.unparse(node), 60)
        self._refuse(f"cannot be evaluated: {part} {what}{f' at {where}' if where else ''}; change it or its values")


def _applied(node: ast.expr, operands: list[Any]) -> Any:
    """Apply an operator, comparison or function to the values of its operands."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name][0](*operands)
        case ast.Compare(ops=operators):
            pairs = zip(operators, operands, operands[1:], strict=False)
            return reduce(np.logical_and, (_OPERATORS[type(op)](left, right) for op, left, right in pairs))
        case ast.UnaryOp(op=op) | ast.BinOp(op=op):
            return _OPERATORS[type(op)](*operands)
    raise TypeError(f"{type(node).__name__} is not checked by Expression")


def _is_finite(constant: float) -> bool:
    try:
        return bool(np.isfinite(float(constant)))
    except OverflowError:
        return False


def _call(name: str) -> str:
    arguments = {1: "x", 2: "x, y", 3: "x, low, high" if name == "clip" else "condition, x, y"}
    return f"{name}({arguments[FUNCTIONS[name][1]]})"
