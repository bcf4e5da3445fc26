# 4 Losses: sure and wrong, with both losses
from autograd_mini import Value, nn, sigmoid

w, b = Value(2.0, label="w"), Value(2.0, label="b")  # the answer should be 0, and it is sure of 1
a = sigmoid(w * 1.0 + b)
print("a =", round(a.data, 4))

squared = nn.mse(a, 0.0)
squared.backward()
print("squared error: slope of b =", round(b.grad, 4))

b.grad = w.grad = 0.0
entropy = nn.binary_cross_entropy(a, 0.0)
entropy.backward()
print("cross-entropy: slope of b =", round(b.grad, 4))
