"""LLVM's language, numbers in it, and what makes it code in memory."""
