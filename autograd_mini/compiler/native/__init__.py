"""Programs as machine code, by LLVM: kernels made from the rows of the rule table, and one machine that runs them.

No graph is compiled.  For each operation there is a *kernel*, a function that evaluates a group of nodes or sends their
adjoints back, and a program becomes a list of *instructions*: a kernel, how many nodes, and where their numbers stand.
The *machine* feeds samples to that list, as many side by side as there are lanes in a vector.  So kernels are compiled
once, kept between processes, and serve every program.  There are three exceptions.  A small program is made one
function, long groups that are in step are made a stream, and the steps of a loop two kernels, one there and one back.
What @primitive made is called in Python.

A kernel is written by reading a row on `Lanes`, numbers whose operators write LLVM's language: nothing that the table
says is said here again.  To be read in this order:

    ir          the text of LLVM functions under way: instructions, loops, types
    lane        numbers with Python's operators that write it, and the arithmetic that a row has for its m
    functions   exp, sin … in that arithmetic: by the polynomials of `polynomials`, else by C's functions
    kernels     the kernels of operations with few operands;  sums: those of sums, products and dots
    streams     those of groups in step: what they exchange stays in registers
    machine     what runs a list of instructions over all samples
    encode      from a program to instructions;  primitives: those that call Python
    fused       a small program as one function;  folded: a loop as two kernels
    entry       functions that Python calls without a detour;  total: the sum of an array
    executor    what `Compiled` calls: it has the arrays, and runs all that;  quick: its short way;  threads: many cores
    jit         LLVM itself, from text to addresses;  cache: what is kept between processes

What can be relied on: a sample's numbers depend on no other sample, nothing is written outside the arrays at hand, and
the bits are the same for any number of threads.  An address is found when code is loaded, and never kept with it.
"""
