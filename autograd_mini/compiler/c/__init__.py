"""Programs as C99.

exported    `to_c`, which finds the programs
export      writes the two files, with the texts of the header
body        a program as the statements of a function;  loop: a loop of it;  memory: where its numbers are
library     the functions of the rule table that the statements call
"""
