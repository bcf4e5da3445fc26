"""The commands, a module each.

Each module has `EPILOG`, the end of its --help, and `run(parser, words)`, which gets an empty parser and the words
after the command's name, and returns the exit code.
"""
