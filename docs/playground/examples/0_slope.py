# 0 Write it yourself: a slope, by nudging and by the engine
from autograd_mini import Value


def f(x):
    return x * x + 3 * x


# Nudge the input a little, and see how far the result moves.
h = 1e-6
print("by nudging: ", (f(2 + h) - f(2)) / h)

# The engine goes back through all that y was made of.
x = Value(2.0, label="x")
y = f(x)
y.backward()
print("by backward:", x.grad)
