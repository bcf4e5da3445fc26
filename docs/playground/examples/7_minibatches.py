# 7 Handwritten digits: learn in minibatches
import random

from autograd_mini import nn

random.seed(7)
X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(60)]
Y = [0 if x * x + y * y < 0.4 else 1 if y > x else 2 for x, y in X]  # three classes
model = nn.MLP(2, [8, 3], activation="tanh", seed=0)

nn.fit(
    model,
    X,
    Y,
    loss=nn.cross_entropy,
    optimizer=nn.Adam(model.parameters(), lr=0.05),
    epochs=40,
    batch_size=20,
    seed=0,
    callback=nn.Watch(model, X, Y),
)
guesses = [max(range(3), key=lambda k: model(x)[k].data) for x in X]
print(sum(guess == y for guess, y in zip(guesses, Y)), "of", len(X), "right")
