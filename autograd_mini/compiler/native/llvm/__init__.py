"""LLVM's language, numbers in it, and compiling it to code in memory."""
