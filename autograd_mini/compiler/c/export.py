"""Programs as a .c and a .h file: C99 that needs only libm, allocates nothing and changes no global variable."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ...files import write_whole
from ..program import Program
from .body import Body, written
from .library import functions_for

STACK: Final = 512  # up to so many doubles, a function has its own workspace
# fmt: off
_KEYWORDS: Final = frozenset((
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
))
# fmt: on


class Part(NamedTuple):
    """A function to write.

    Attributes:
        what: the last word of its name: value, gradient, …
        program: its program.
        about: a text about its result.
        rows, columns: for a sparse matrix, the place of each number of the result.
    """

    what: str
    program: Program
    about: str
    rows: Sequence[int] | None = None
    columns: Sequence[int] | None = None


def export(path: Path, parts: Sequence[Part], arguments: str, checks: bool) -> None:
    """Write the functions of parts to path.c and path.h, each whole or not at all.

    Args:
        path: the files, without a suffix; its last part begins the names.
        parts: the functions.
        arguments: a text about the numbers in x.
        checks: whether to report operations that raise in Python.

    Raises:
        ValueError: the name is not a valid name in C.
        TypeError: an operation was made with @primitive.
    """
    name = path.name
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in _KEYWORDS:
        raise ValueError(f"functions in C can't be named after {name!r}: letters, digits and _ are allowed")
    bodies = [(part, written(part.program, f"{name}_{part.what}", checks)) for part in parts]
    code = [_function(name, part, body) for part, body in bodies]
    tables = [table for _, body in bodies for table in body.tables]
    functions = functions_for("".join(code))
    headers = f'#include "{name}.h"\n\n' + "#include <float.h>\n" * ("DBL_" in functions) + "#include <math.h>\n"
    source = "\n".join(filter(None, [headers, functions, *[f"{table}\n" for table in tables], *code]))
    write_whole(path.with_name(f"{name}.c"), source.encode())
    write_whole(path.with_name(f"{name}.h"), _header(name, bodies, arguments).encode())


def _function(name: str, part: Part, body: Body) -> str:
    text = "".join([f"    {line}\n" for statement in body.statements for line in statement.split("\n")])
    own = f"    double w[{body.work}];\n" if 0 < body.work <= STACK else ""
    unused = "" if re.search(r"\bx\[", text) else "    (void)x;\n"
    unused += "" if re.search(r"\by\[", text) else "    (void)y;\n"
    return f"{_head(name, part, body)}\n{{\n{own}{unused}{text}}}\n" + _pattern(name, part, constant=True)


def _head(name: str, part: Part, body: Body) -> str:
    work = ", double *restrict w" if body.work > STACK else ""
    return f"int {name}_{part.what}(const double *restrict x, double *restrict y{work})"


def _header(name: str, bodies: Sequence[tuple[Part, Body]], arguments: str) -> str:
    guard = f"{name.upper()}_H"
    functions = "\n".join([_declaration(name, part, body) for part, body in bodies])
    return f"""\
/* {name}: written by autograd_mini from a function in Python.

   Each function reads x and writes y, which must not overlap, and calls only the mathematics of the C library.  It
   returns 0, or a number above 0 if its result is not valid for this x: then y is unchanged.

   x: {arguments}

   If all is arithmetic, the bits are the same as in Python, when compiled with -ffp-contract=off. */

#ifndef {guard}
#define {guard}

#ifdef __cplusplus
extern "C" {{
#endif

{functions}
#ifdef __cplusplus
}}
#endif

#endif
"""


def _declaration(name: str, part: Part, body: Body) -> str:
    reasons = "".join([f"\n   {k}: {_comment(reason)}" for k, reason in enumerate(body.reasons, 1)])
    about = f"/* {part.about}{reasons} */\n" if not reasons else f"/* {part.about}  It returns{reasons} */\n"
    work = f"enum {{ {name}_{part.what}_work = {body.work} }}; /* doubles of workspace, for w */\n"
    return (
        about
        + work * (body.work > STACK)
        + _head(name, part, body).replace("restrict ", "")
        + ";\n"
        + _pattern(name, part)
    )


def _pattern(name: str, part: Part, constant: bool = False) -> str:
    """The rows and columns of a sparse matrix: their definition, or their declaration in a header."""
    if part.rows is None or part.columns is None:
        return ""
    count, begin = len(part.rows), f"{name}_{part.what}"
    if not constant:
        lengths = f"[{max(1, count)}]"
        return f"enum {{ {begin}_nnz = {count} }};\nextern const int {begin}_row{lengths}, {begin}_col{lengths};\n"
    rows, columns = [", ".join(map(str, numbers)) or "0" for numbers in (part.rows, part.columns)]
    lengths = f"[{max(1, count)}]"
    return f"\nconst int {begin}_row{lengths} = {{{rows}}};\nconst int {begin}_col{lengths} = {{{columns}}};\n"


def _comment(text: str) -> str:
    """Text that is safe in a comment."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\n", " ").replace("\\", "/")
