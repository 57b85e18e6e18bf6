"""Expressions of settings: they agree with Python's own arithmetic, and nothing else of Python can be reached."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varesearch.config.errors import ConfigurationError
from varesearch.config.expressions import Expression

PYTHON: dict[str, Any] = {
    "__builtins__": {},
    "pi": math.pi,
    "abs": abs,
    "minimum": min,
    "maximum": max,
    "clip": lambda value, low, high: min(max(value, low), high),
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
}
"""Python's own functions under the names of expressions; ``where`` is a conditional expression there."""

NUMBERS = st.floats(-50, 50).map(lambda value: round(value, 3)) | st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0])
LEAVES = st.sampled_from(["x", "y", "pi"]) | NUMBERS.map(repr)


def _compounds(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """Texts with their translations into Python."""
    two, three = st.tuples(inner, inner), st.tuples(inner, inner, inner)
    both = {
        "binary": st.tuples(st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), two).map(
            lambda it: tuple(f"({it[1][0][side]} {it[0]} {it[1][1][side]})" for side in (0, 1))
        ),
        "unary": st.tuples(st.sampled_from(["-", "+"]), inner).map(
            lambda it: tuple(f"({it[0]}{it[1][side]})" for side in (0, 1))
        ),
        "function": st.tuples(st.sampled_from(["exp", "log", "sqrt", "abs", "sin", "cos", "tanh"]), inner).map(
            lambda it: tuple(f"{it[0]}({it[1][side]})" for side in (0, 1))
        ),
        "of two": st.tuples(st.sampled_from(["minimum", "maximum"]), two).map(
            lambda it: tuple(f"{it[0]}({it[1][0][side]}, {it[1][1][side]})" for side in (0, 1))
        ),
        "clip": three.map(lambda it: tuple(f"clip({it[0][side]}, {it[1][side]}, {it[2][side]})" for side in (0, 1))),
        "where": st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), three, inner).map(
            lambda it: (
                f"where({it[1][0][0]} {it[0]} {it[1][1][0]}, {it[1][2][0]}, {it[2][0]})",
                f"({it[1][2][1]} if {it[1][0][1]} {it[0]} {it[1][1][1]} else {it[2][1]})",
            )
        ),
        "logic": st.tuples(st.sampled_from(["and", "or"]), two, two).map(
            lambda it: tuple(
                f"(({it[1][0][side]} < {it[1][1][side]}) {it[0]} not ({it[2][0][side]} <= {it[2][1][side]}))*1"
                for side in (0, 1)
            )
        ),
    }
    return st.one_of(*both.values())  # type: ignore[arg-type]


EXPRESSIONS = st.recursive(LEAVES.map(lambda text: (text, text)), _compounds, max_leaves=6)


def _python(text: str, **names: float) -> float | None:
    """The value by Python's own eval; None where Python has no finite real number."""
    try:
        value = eval(text, PYTHON, dict(names))
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
    return float(value) if not isinstance(value, complex) and math.isfinite(value) else None


@given(texts=EXPRESSIONS, x=NUMBERS, y=NUMBERS)
@settings(max_examples=400)
def test_an_expression_has_the_value_that_python_gives_it(texts: tuple[str, str], x: float, y: float) -> None:
    text, in_python = texts
    expected = _python(in_python, x=x, y=y)
    expression = Expression(text, "cell.c")
    if expected is None:
        with pytest.raises(ConfigurationError, match=r"^cell\.c: the expression .* cannot be evaluated: [^\n]*$"):
            expression.value({"x": x, "y": y})
    else:
        got = expression.value({"x": x, "y": y})
        assert got.shape == ()
        assert float(got) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(texts=EXPRESSIONS, cells=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8))
def test_an_array_has_the_value_of_each_of_its_elements(
    texts: tuple[str, str], cells: list[tuple[float, float]]
) -> None:
    expression = Expression(texts[0], "cell.c")
    x, y = np.array(cells).T
    try:
        single = [float(expression.value({"x": a, "y": b})) for a, b in cells]
    except ConfigurationError:
        with pytest.raises(ConfigurationError):
            expression.value({"x": x, "y": y})
        return
    together = expression.value({"x": x, "y": y})
    assert together.shape == (len(cells),)
    np.testing.assert_allclose(together, single, rtol=1e-12, atol=1e-12)


@given(text=st.text(max_size=60) | st.text("()[]{}.,:=+-*/%rx019 'e_j\\", max_size=40))
@settings(max_examples=400)
def test_any_text_is_a_number_or_one_line_of_refusal(text: str) -> None:
    try:
        value = Expression(text, "cell.c").value({"r": 0.5, "x": 2.0})
    except ConfigurationError as error:
        assert str(error).startswith("cell.c: the expression ")
        assert len(str(error).splitlines()) == 1
    else:
        assert np.isfinite(value).all()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("r.real", "holds 'r.real', which is not allowed"),
        ("().__class__.__base__", "not allowed"),
        ("__import__('os').system('true')", "not allowed"),
        ("open(r)", "calls open, which is unknown"),
        ("exp.__globals__", "not allowed"),
        ("[r for r in (1, 2)]", "not allowed"),
        ("lambda: r", "not allowed"),
        ("(r := 2)", "not allowed"),
        ("f'{r}'", "not allowed"),
        ("r[0]", "not allowed"),
        ("r if r else 1", "not allowed"),
        ("'a' * 999999999", "not allowed"),
        ("1j", "not allowed"),
        ("True", "not allowed"),
        ("exp(x=r)", "not allowed"),
        ("exp(r, r)", "gives exp 2 arguments; write exp(x)"),
        ("exp + 1", "uses exp without arguments; write exp(x)"),
        ("tahn(r)", "calls tahn, which is unknown; .*did you mean tanh?"),
        ("15 * rr", "uses rr, which is unknown here; it may use r"),
        ("-65 + 15*", "cannot be read: invalid syntax"),
        ("1if r else 2", "cannot be read"),
        ("", "cannot be read"),
        ("a\0b", "cannot be read"),
        ("r +" * 300 + "r", "is longer than 500 characters"),
        ("-" * 400 + "r", "is nested more than 100 levels deep"),
        ("(" * 240 + "r" + ")" * 240, "cannot be read: too many nested parentheses"),
        ("9" * 400, "has a number that is too large"),
        ("9**9**9", "9 ** 9 ** 9 is not a finite number"),
        ("9.0**9**9**9**9**9", "is not a finite number"),
        ("1/(r - r)", "1 / (r - r) is a division by zero at r=0.5"),
        ("1/(1/(r - r))", "1 / (r - r) is a division by zero at r=0.5"),
        ("2 % (r - 0.5)", "is a division by zero at r=0.5"),
        ("log(-r)", "log(-r) is not a finite number at r=0.5"),
        ("(-r)**0.5", "is not a finite number at r=0.5"),
    ],
)
def test_what_is_no_arithmetic_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Expression(text, "cell.c").value({"r": 0.5})
    message = str(refused.value)
    assert message.startswith("cell.c: the expression ")
    assert len(message.splitlines()) == 1
    assert all(part in message for part in why.split(".*"))


def test_the_branch_that_is_not_taken_is_not_evaluated() -> None:
    r = np.array([0.0, 0.5, 1.0])
    assert Expression("where(r > 0, 1/r, 0)", "cell.c").value({"r": r}).tolist() == [0.0, 2.0, 1.0]
    with pytest.raises(ConfigurationError, match="1 / r is a division by zero at r=0"):
        Expression("where(r < 1, 1/r, 0)", "cell.c").value({"r": r})


def test_a_constant_has_the_shape_of_the_names_that_are_given() -> None:
    assert Expression("2*3", "p").value({"d": np.zeros((2, 3))}).tolist() == [[6.0] * 3] * 2
    assert Expression("pi > 3", "p").value({}).shape == ()
