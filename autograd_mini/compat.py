"""What differs between versions of Python."""

import math
import operator
import sys

if sys.version_info >= (3, 12):

    def dot(*operands: float) -> float:
        """w₁·x₁ + … + wₙ·xₙ of the operands w₁ … wₙ, x₁ … xₙ and perhaps a start."""
        n = len(operands) // 2
        total: float = math.sumprod(operands[:n], operands[n : 2 * n])
        return sum(operands[2 * n :], total)

else:

    def dot(*operands: float) -> float:
        """w₁·x₁ + … + wₙ·xₙ of the operands w₁ … wₙ, x₁ … xₙ and perhaps a start."""
        n = len(operands) // 2
        total: float = sum(map(operator.mul, operands[:n], operands[n : 2 * n]), *operands[2 * n :])
        return total
