"""Models on which the tests of layers try what holds for every layer."""

import numpy as np

from tinytorch import Buffer, Layer, Linear, Parameter, ReLU, Sequential, relu


class Block(Layer):
    """Parameters, a buffer, and layers in a list and a dict."""

    def __init__(self):
        self.blocks = [Linear(2, 2, seed=0), Linear(2, 2, seed=1)]
        self.heads = {"a": Linear(2, 1, bias=False, seed=2)}
        self.activation = relu
        self.scale = Parameter([1.0])
        self.running = Buffer([0.0, 0.0])
        self.table = np.zeros(3)
        self.last = None

    def forward(self, x):
        for block in self.blocks:
            x = self.activation(block(x))
        self.last = x
        return self.heads["a"](x) * self.scale


class Tied(Layer):
    """One weight and one layer in two places."""

    def __init__(self):
        self.first = Linear(3, 3, bias=False, seed=0)
        self.again = self.first
        self.tied = self.first.weight
        self.other = Linear(3, 3, seed=1)
        self.other.weight = self.first.weight

    def forward(self, x):
        return self.other(self.again(self.first(x)))


def network(seed=0):
    return Sequential(Linear(3, 4, seed=seed), ReLU(), Linear(4, 2, seed=seed + 1))
