"""Names for the leaves and functions of a formula, as Python and LaTeX spell them, all of them different."""

import keyword
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from unicodedata import normalize

from ...engine import Value
from ...reading import rule_of
from ...rule import Rule
from ...rules import RULES
from ..names import names_of


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name, or a number in its place."""

    text: str
    latex: str
    place: int  # among the leaves
    is_number: bool = False


# fmt: off
_GREEK_LETTERS: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}
# fmt: on
GREEK: Final = {spelt: rf"\{pair[1]}" for pair in _GREEK_LETTERS.items() for spelt in pair}
_LATEX_CHARACTERS: Final = {
    # Braces separate each from the next, so that a label can't begin the markup of a page.
    **{c: rf"{{\{c}}}" for c in "{}$%&#_"},
    **{c: f"{{{c}}}" for c in "<>'\"`"},
    " ": r"\ ",
    "\\": r"{\backslash}",
    "^": r"{\wedge}",
    "~": r"{\sim}",
}
_LONGEST_NAME: Final = 60
_TAKEN: Final = frozenset(RULES) | {"max", "min", "inf", "nan"}


def functions_in(order: Iterable[Value]) -> set[str]:
    return {function_name(rule_of(v)) for v in order if not v.is_leaf}


def names_of_leaves(leaves: Sequence[Value], names: Mapping[str, Any], functions: set[str]) -> list[Name]:
    """A name for each leaf, all of them different: its label, else its variable, else x1, x2 …"""
    variables = names_of(names)
    wanted = [(v.label or variables.get(id(v), ""))[:_LONGEST_NAME] for v in leaves]
    texts, latexes = dict.fromkeys(_TAKEN | functions, 1), dict[str, int]()

    def named(i: int, label: str) -> Name:
        text = _distinct(_identifier(label), texts, lambda text, k: f"{text}_{k}")
        return Name(text, _distinct(latex_name(label), latexes, lambda latex, k: f"{{{latex}}}_{{({k})}}"), i)

    found = [named(i, label) if _identifier(label) else None for i, label in enumerate(wanted)]
    counting = (f"x{k}" for k in count(1))
    return [name or named(i, next(x for x in counting if x not in texts)) for i, name in enumerate(found)]


def _distinct(name: str, taken: dict[str, int], numbered: Callable[[str, int], str]) -> str:
    """The name, numbered if it is already used; `taken` has the last number of each."""
    candidate = name
    while candidate in taken:
        taken[name] += 1
        candidate = numbered(name, taken[name])
    taken[candidate] = 1
    return candidate


def _identifier(label: str) -> str:
    """The label as a Python name; "" if none of its letters is allowed in one."""
    text = re.sub(r"\W+", "_", normalize("NFKC", label)).strip("_")
    if not any(map(str.isalpha, text)):
        return ""
    if not text.isidentifier():  # it begins with a digit
        text = f"_{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def latex_name(name: str) -> str:
    """Any text as one symbol: a letter unchanged, x1 and w_out with an index, words upright; no markup."""
    name = re.sub(r"\[(\d+)\]", r"_\1", name)  # w[0] is w_0
    head, index = name, ""
    if parts := re.fullmatch(r"([^_]*[^_\d])_?([\d_]*\d)", name) or re.fullmatch(r"([^_]+)_(.+)", name, re.DOTALL):
        head, index = parts.groups()
    letter = GREEK.get(head) or (head if re.fullmatch("[A-Za-z]", head) else "")
    if not letter and not index[-1:].isdigit():
        return rf"\mathrm{{{escaped(name)}}}"
    symbol = letter or rf"\mathrm{{{escaped(head)}}}"
    if re.fullmatch(r"[\d_]+|[A-Za-z]?", index, re.ASCII):
        return rf"{symbol}_{{{index.replace('_', ',')}}}" if index else symbol
    return rf"{symbol}_{{\mathrm{{{escaped(index)}}}}}"


def escaped(text: str) -> str:
    return "".join([_LATEX_CHARACTERS.get(c, c if c.isprintable() else "\ufffd") for c in text])


def numbers_of_leaves(leaves: Sequence[Value]) -> list[Name]:
    return [Name(repr(v.data), latex_number(v.data), i, is_number=True) for i, v in enumerate(leaves)]


def latex_number(x: float) -> str:
    """The number with six digits, or its `repr` if that is short."""
    text = repr(x)
    if math.isinf(x):
        return text.replace("inf", r"\infty")
    if math.isnan(x) or isinstance(x, bool):
        return rf"\mathrm{{{text}}}"
    mantissa, _, exponent = (text if len(text) <= 8 else f"{x:.6g}").partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"


def function_name(rule: Rule) -> str:
    return rule.name if RULES.get(rule.name) is rule else _identifier(rule.symbol) or "f"
