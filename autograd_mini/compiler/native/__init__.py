"""Programs as machine code, by LLVM: kernels made from the rows of the rule table, and one machine that runs them.

Graphs are not compiled.  For each operation there is a *kernel*, a function that evaluates a group of nodes, or passes
their adjoints back.  A program becomes a list of *instructions*: a kernel, how many nodes, and where their numbers are.
The *machine* runs that list on samples, as many at once as a vector has lanes.  So kernels are compiled once, cached
between processes, and shared by all programs.  There are three exceptions.  A small program becomes one function, and
so does a longer one for one sample that has no loops, branches or long groups.  Long groups that run in step become a
stream, and the steps of a loop become two kernels, one forward and one backward.
Steps of many operations have their own list of instructions, which runs again and again on one frame of numbers.
Operations made with @primitive are called in Python.

A kernel is written by evaluating a row on `Lanes`, numbers whose operators write LLVM's language, so nothing from the
table is repeated here.  Read the modules in this order:

    llvm/           code: builds the text of LLVM functions;  lanes: numbers with Python's operators that write it;
                    arithmetic: the m of a row, with polynomials or functions of the C library;  jit: LLVM itself, from
                    text to addresses;  cache: code kept between processes
    kernels/        access: the kernels of operations with few operands;  sums: sums, products and dots;
                    data: matrices of constants;  weights: parameters of a layer
    region/         stretches of operations in one piece, whose numbers stay in registers: whole (a small program),
                    nodes (groups in step, a stream), trips (the steps of a loop), steps (long ones)
    machine         runs a list of instructions over all samples
    places          a program in such parts, and the places of its slots
    instructions    from there to that list;  operands: where kernels find their operands;
                    callbacks: instructions that call Python
    tape            a list in memory, with arrays to work on;  buffers: checks arrays and passes them to the machine
    python_entry    functions that Python calls directly
    executor        a program with its tapes, for the long way; a short way calls its `bound(n)`;
                    threads: many cores

Guarantees: the numbers of a sample don't depend on other samples, nothing is written outside the given arrays, and the
bits are the same for any number of threads.  Addresses are found when code is loaded, and never stored with it.
"""
