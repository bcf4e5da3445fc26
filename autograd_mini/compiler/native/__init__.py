"""Programs as machine code, by LLVM: kernels made from the rows of the rule table, and one machine that runs them."""
