# 2 Activations: a neuron
from autograd_mini import Value

w, x, b = Value(0.8, label="w"), Value(2.0, label="x"), Value(-1.0, label="b")
a = (w * x + b).tanh()
loss = (a - 1) ** 2
loss.backward()

print("the slope of the loss with respect to w:", w.grad)
