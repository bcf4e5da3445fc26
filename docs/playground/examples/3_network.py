# 3 Feedforward networks: a network, and its picture
from autograd_mini import draw, nn

model = nn.MLP(3, [4, 5], activation="tanh", seed=1)
print(len(model.parameters()), "parameters")
print([round(a.data, 4) for a in model([1.0, 0.5, -1.0])])

draw(model)
