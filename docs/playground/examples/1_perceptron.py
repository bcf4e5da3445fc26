# 1 Linear models: a perceptron finds a line
from autograd_mini import Value, dot

X = [(0.8, 0.4), (0.3, 0.1), (0.8, 0.8), (0.4, 0.6), (0.6, 0.8), (0.4, 0.2), (0.4, 0.5)]
Y = [0, 0, 1, 1, 1, 0, 1]
w, b = [Value(0.0, label="w1"), Value(0.0, label="w2")], Value(0.0, label="b")

mistakes = 1
while mistakes:
    mistakes = 0
    for x, y in zip(X, Y):
        z = dot(w, x, start=b)
        f = 1 if z.data >= 0 else 0
        mistakes += f != y
        cost = (f - y) * z  # its gradient is that of Rosenblatt's rule
        cost.backward()
        for p in [*w, b]:
            p.data -= p.grad
            p.grad = 0.0
    print("mistakes in this pass:", mistakes)

print("w =", [round(p.data, 6) for p in w], " b =", b.data)
z = dot(w, X[0], start=b)
z.label = "w·x + b"
