# 6 Backpropagation: the errors of two layers
from autograd_mini import nn

model = nn.MLP(2, [2, 1], activation="sigmoid", output_activation="sigmoid", seed=2)
cost = nn.mse(model([0.5, -1.0]), 1.0)
cost.backward()

for number, layer in enumerate(model.layers, 1):
    print(f"layer {number}: delta =", [round(neuron.z.grad, 6) for neuron in layer.neurons])
