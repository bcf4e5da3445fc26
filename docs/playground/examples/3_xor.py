# 3 Feedforward networks: watch a network learn XOR
from autograd_mini import nn

X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
model = nn.MLP(2, [4, 1], activation="tanh", seed=4)

nn.fit(
    model,
    X,
    Y,
    optimizer=nn.Adam(model.parameters(), lr=0.05),
    epochs=200,
    callback=nn.Watch(model, X, Y),
)
print([round(model(x).data, 2) for x in X])
