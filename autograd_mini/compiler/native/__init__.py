"""Programs as machine code, by LLVM: kernels made from the rows of the rule table, and one machine that runs them.

No graph is compiled.  For each operation there is a *kernel*, a function that evaluates a group of nodes or sends their
adjoints back, and a program becomes a list of *instructions*: a kernel, how many nodes, and where their numbers stand.
The *machine* feeds samples to that list, as many side by side as there are lanes in a vector.  So kernels are compiled
once, kept between processes, and serve every program.  There are three exceptions.  A small program is made one
function, long groups that are in step are made a stream, and the steps of a loop two kernels, one there and one back.
Steps of many operations are a list of instructions of their own, run again and again on one frame of numbers.
What @primitive made is called in Python.

A kernel is written by reading a row on `Lanes`, numbers whose operators write LLVM's language: nothing that the table
says is said here again.  To be read in this order:

    llvm/           code: the text of LLVM functions under way;  lanes: numbers with Python's operators that write it;
                    arithmetic: what a row has for its m, functions by polynomials, else C's;  jit: LLVM itself, from
                    text to addresses;  cache: what is kept between processes
    kernels/        access: the kernels of operations with few operands;  sums: those of sums, products and dots;
                    data: those of matrices of constants
    region/         stretches of operations in one piece, whose numbers stay in registers: whole (a small program),
                    nodes (groups in step, a stream), trips (the steps of a loop), steps (long ones)
    machine         what runs a list of instructions over all samples
    places          a program in such parts, and where its slots stand
    instructions    from there to that list;  operands: what they say of where kernels find their operands;
                    callbacks: instructions that call Python
    tape            a list in memory, with arrays to work on;  buffers: the door by which arrays come in
    python_entry    functions that Python calls without a detour
    executor        a program with its tapes, which the long way calls; a short way asks it for `bound(n)`;
                    threads: many cores

What can be relied on: a sample's numbers depend on no other sample, nothing is written outside the arrays at hand, and
the bits are the same for any number of threads.  An address is found when code is loaded, and never kept with it.
"""
