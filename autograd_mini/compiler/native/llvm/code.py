"""Builds the text of LLVM functions: instructions, loops, and the types of the numbers in them.

A number is a vector of `width` lanes, or a scalar if `width` is 1.  llvm.org/docs/LangRef.html describes the language.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Kind(NamedTuple):
    """A type of numbers: double or float, and how many in a vector."""

    scalar: str
    width: int

    @property
    def text(self) -> str:
        """The type."""
        return self._wide(self.scalar)

    @property
    def bits(self) -> str:
        """The type of integers of the same size."""
        return self._wide(f"i{8 * self.size}")

    @property
    def mask(self) -> str:
        """The type of conditions."""
        return self._wide("i1")

    @property
    def size(self) -> int:
        """How many bytes one number takes."""
        return 8 if self.scalar == "double" else 4

    @property
    def suffix(self) -> str:
        """The suffix of intrinsic functions for this type."""
        name = f"f{8 * self.size}"
        return name if self.width == 1 else f"v{self.width}{name}"

    def wide(self, width: int) -> "Kind":
        """The type of a vector of so many of these numbers."""
        return Kind(self.scalar, width)

    def number(self, x: float) -> str:
        """A constant, the same in every lane."""
        if self.scalar == "float":
            x = _rounded(x)
        return self.splat(self.scalar, f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}")

    def integer(self, i: int) -> str:
        """An integer constant, the same in every lane."""
        return self.splat(f"i{8 * self.size}", str(i))

    def _wide(self, scalar: str) -> str:
        return scalar if self.width == 1 else f"<{self.width} x {scalar}>"

    def splat(self, scalar: str, text: str) -> str:
        """A constant of another type, the same in every lane."""
        return text if self.width == 1 else f"<{', '.join([f'{scalar} {text}'] * self.width)}>"


def _rounded(x: float) -> float:
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return x * float("inf")
    return rounded


class Code:
    """The body of one function, instruction by instruction, and the other declarations that its module needs.

    Values that change in a loop are in places made by `place`, which LLVM keeps in registers.
    """

    def __init__(self, needs: dict[str, str]) -> None:
        self.needs = needs  # declarations and definitions of the functions that are called, by their names
        self._places: list[str] = []
        self._lines: list[str] = []
        self._count = 0

    def do(self, text: str) -> None:
        """An instruction without a result."""
        self._lines.append(text)

    def let(self, text: str) -> str:
        """An instruction; returns the name of its result."""
        self._count += 1
        name = f"%t{self._count}"
        self._lines.append(f"{name} = {text}")
        return name

    def place(self, type_: str) -> str:
        """A local variable."""
        self._count += 1
        name = f"%p{self._count}"
        self._places.append(f"{name} = alloca {type_}, align 64")
        return name

    def load(self, type_: str, address: str, align: int) -> str:
        """The value at an address."""
        return self.let(f"load {type_}, ptr {address}, align {align}")

    def store(self, type_: str, x: str, address: str, align: int) -> None:
        """Write to an address."""
        self.do(f"store {type_} {x}, ptr {address}, align {align}")

    def at(self, base: str, index: str, type_: str) -> str:
        """The address of an element of an array."""
        return self.let(f"getelementptr inbounds {type_}, ptr {base}, i64 {index}")

    def field(self, record: str, i: int) -> str:
        """The i-th integer of a record."""
        return self.load("i64", self.at(record, str(i), "i64"), 8)

    def pointer(self, record: str, i: int) -> str:
        """The i-th entry of a record, an address."""
        return self.let(f"inttoptr i64 {self.field(record, i)} to ptr")

    def mul(self, a: str, b: str | int) -> str:
        """The product of two indices."""
        return a if b == 1 else self.let(f"mul i64 {a}, {b}")

    def add(self, a: str, b: str | int) -> str:
        """The sum of two indices."""
        return self.let(f"add i64 {a}, {b}")

    def call(self, type_: str, name: str, arguments: str, declaration: str) -> str:
        """A call of a function that the module declares."""
        self.needs[name] = declaration
        return self.let(f"call {type_} @{name}({arguments})")

    def intrinsic(self, type_: str, name: str, *arguments: tuple[str, str]) -> str:
        """A call of one of LLVM's own functions."""
        types = ", ".join([kind for kind, _ in arguments])
        given = ", ".join([f"{kind} {x}" for kind, x in arguments])
        return self.call(type_, f"llvm.{name}", given, f"declare {type_} @llvm.{name}({types})")

    @contextmanager
    def loop(self, end: str, start: str = "0", step: int = 1) -> Iterator[str]:
        """For each index from start to below end."""
        self._count += 1
        at = self._count
        index = f"%i{at}"
        self._lines += [f"br label %enter{at}", f"enter{at}:", f"br label %head{at}", f"head{at}:"]
        self._lines.append(f"{index} = phi i64 [ {start}, %enter{at} ], [ %next{at}, %again{at} ]")
        self._lines += [
            f"%more{at} = icmp slt i64 {index}, {end}",
            f"br i1 %more{at}, label %body{at}, label %done{at}",
        ]
        self._lines.append(f"body{at}:")
        yield index
        self._lines += [f"br label %again{at}", f"again{at}:", f"%next{at} = add nsw i64 {index}, {step}"]
        self._lines += [f"br label %head{at}", f"done{at}:"]

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Only if a condition, of one lane, holds."""
        self._count += 1
        at = self._count
        self._lines += [f"br i1 {condition}, label %then{at}, label %after{at}", f"then{at}:"]
        yield
        self._lines += [f"br label %after{at}", f"after{at}:"]

    def leave(self, result: str) -> None:
        """Return here."""
        self._count += 1
        self._lines += [f"ret {result}", f"left{self._count}:"]

    def function(self, head: str, result: str = "void", attributes: str = "#0") -> str:
        """The whole function: `head` is the text after `define`, `result` the returned value."""
        lines = "\n".join(
            [f"  {line}" for line in ["entry:", *self._places, "br label %begin", "begin:", *self._lines]]
        )
        return f"define {head} {attributes} {{\n{lines}\n  ret {result}\n}}\n"
