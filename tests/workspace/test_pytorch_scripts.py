"""Typical short PyTorch scripts run unchanged but for their imports, and compute what PyTorch computes.

Each script stands here once, as text. It is run as it is, and again with `torch` in its import lines made `tinytorch`.
What it leaves in `result` must agree. `start(model)`, which the test supplies, gives a model the same first weights in
both: PyTorch draws others, and its Linear keeps them the other way round.
"""

import re

import numpy as np
import pytest
from pytorch_oracle import needs_torch

SCRIPTS = {
    "linear regression by hand": """
import torch

X = torch.linspace(-1, 1, 20).unsqueeze(1)
y = 3 * X + 0.5
w = torch.zeros(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
losses = []
for epoch in range(30):
    loss = ((X @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.3 * w.grad
        b -= 0.3 * b.grad
    w.grad.zero_()
    b.grad = None
    losses.append(loss.item())
assert w.requires_grad and w.is_leaf
result = losses + [w.item(), b.item()]
""",
    "logistic regression with data": """
import torch

X = torch.tensor([[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [-1.0, 2.0], [0.5, 0.5]])
y = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0])
w = torch.full((2,), 0.1).requires_grad_()
for step in range(20):
    p = torch.sigmoid(X.mv(w))
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean() + 0.01 * w.norm()
    loss.backward()
    w.data -= 0.5 * w.grad
    w.grad = None
accuracy = ((p > 0.5).float() == y).float().mean()
result = [loss.item(), accuracy.item()] + w.tolist()
""",
    "MLP training loop": """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
X = torch.arange(60, dtype=torch.float32).view(20, 3) / 30 - 1
y = (X.sum(dim=1) > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=6, shuffle=False)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 8)
        self.fc2 = nn.Linear(8, 2)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return self.fc2(F.relu(self.fc1(x)))

model = Net().to(device)
start(model)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
result = []
for epoch in range(5):
    model.train()
    running = 0.0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        running += loss.item() * inputs.size(0)
    result.append(running / len(loader.dataset))
""",
    "autoencoder": """
import torch
from torch import nn

torch_data = torch.stack([torch.sin(torch.arange(8) * k / 3.0) for k in range(1, 7)], dim=0)
encoder = nn.Sequential(nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 2))
decoder = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 8), nn.Sigmoid())
start(encoder), start(decoder)
parameters = list(encoder.parameters()) + list(decoder.parameters())
optimizer = torch.optim.Adam(parameters, lr=1e-2, weight_decay=1e-4)
result = []
for step in range(15):
    code = encoder(torch_data)
    loss = nn.functional.mse_loss(decoder(code), torch_data)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    result.append(loss.item())
result += code.detach().flatten().tolist()
result.append(sum(p.numel() for p in parameters if p.requires_grad))
""",
    "text MLP": """
import torch
import torch.nn.functional as F

words = ["ada", "alan", "grace", "edsger", "donald"]
letters = sorted(set("".join(words)))
code = {letter: i + 1 for i, letter in enumerate(letters)}
code["."] = 0
contexts, targets = [], []
for word in words:
    context = [0] * 3
    for letter in word + ".":
        contexts.append(context)
        targets.append(code[letter])
        context = context[1:] + [code[letter]]
X, Y = torch.tensor(contexts), torch.tensor(targets)
n = len(code)
C = torch.linspace(-1, 1, steps=n * 2, device="cpu").reshape(n, 2)
W1 = torch.cos(torch.arange(6 * 10).float()).view(6, 10) * 0.5
b1 = torch.zeros(10, device=torch.device("cpu"))
W2 = torch.sin(torch.arange(10 * n).float()).view(10, n) * 0.1
b2 = torch.zeros(n)
parameters = [C, W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True
result = []
for i in range(20):
    emb = C[X]
    h = torch.tanh(emb.view(emb.shape[0], -1) @ W1 + b1)
    logits = h @ W2 + b2
    loss = F.cross_entropy(logits, Y)
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data += -0.2 * p.grad.data
    result.append(loss.item())
probs = F.softmax(logits, dim=1)
counts = F.one_hot(Y, num_classes=n).sum(dim=0)
result += probs[0].tolist() + counts.tolist() + torch.topk(probs, 3, dim=1).values[0].tolist()
""",
    "custom module": """
import math
import torch
from torch import nn

class Scaled(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.eps = 1e-5

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        var = x.var(dim=-1, keepdim=True, unbiased=False)
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias

class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = Scaled(width)
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))

    def forward(self, x):
        B, T, C = x.shape
        x = self.norm(x)
        q, k, v = self.query(x), self.key(x), self.value(x)
        scores = q @ k.transpose(-2, -1) * C**-0.5
        mask = torch.tril(torch.ones(T, T))
        scores = scores.masked_fill(mask[:T, :T] == 0, float("-inf"))
        return torch.softmax(scores, dim=-1) @ v

model = Head(4)
start(model)
x = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4).sin()
out = model(x)
out.pow(2).mean().backward()
names = [name for name, _ in model.named_parameters()]
assert names[0] == "norm.weight"
result = out.flatten().tolist() + [p.grad.norm().item() for p in model.parameters()]
""",
    "scheduler and clipping": """
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR

X = torch.linspace(-2, 2, 16).unsqueeze(-1)
y = X.square() - X
model = nn.Sequential(nn.Linear(1, 6), nn.Tanh(), nn.Linear(6, 1))
start(model)
optimizer = optim.AdamW(model.parameters(), lr=0.05)
scheduler = StepLR(optimizer, step_size=4, gamma=0.5)
result = []
for epoch in range(12):
    for xb, yb in zip(X.split(8), y.chunk(2)):
        loss = nn.MSELoss()(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
    scheduler.step()
    result += [loss.item(), float(norm), optimizer.param_groups[0]["lr"]]
""",
    "evaluation": """
import torch
from torch import nn

X = torch.stack([torch.cos(torch.arange(12).float()), torch.sin(torch.arange(12).float())], dim=1)
y = torch.tensor([0, 1, 2] * 4)
model = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))
start(model)
model.eval()
correct = total = 0
with torch.no_grad():
    for xb, yb in zip(X.split(5), y.split(5)):
        out = model(xb)
        predicted = out.argmax(dim=1)
        total += yb.size(0)
        correct += (predicted == yb).sum().item()
    scores, places = model(X).max(dim=1)
    values, order = model(X).sort(dim=1, descending=True)
    top = torch.topk(model(X), k=2, dim=1)
assert not out.requires_grad
assert torch.equal(places, order[:, 0])
hits = (top.indices == y.unsqueeze(1)).any(dim=1).float().mean().item()
confusion = torch.zeros(3, 3, dtype=torch.int64)
for truth, guess in zip(y.tolist(), places.tolist()):
    confusion[truth, guess] += 1
result = [correct, total, correct / total, hits] + scores.tolist() + confusion.flatten().tolist()
""",
    "saving and loading": """
import torch
from torch import nn

def train(model, optimizer, steps):
    X = torch.linspace(-1, 1, 10).view(-1, 1)
    for _ in range(steps):
        loss = nn.functional.l1_loss(model(X), X**3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()

def new():
    model = nn.Sequential(nn.Linear(1, 4), nn.GELU(), nn.Linear(4, 1))
    start(model)
    return model, torch.optim.Adam(model.parameters(), lr=0.02)

model, optimizer = new()
first = train(model, optimizer, 5)
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 5, "loss": first}, path)
straight = train(model, optimizer, 5)

model, optimizer = new()
checkpoint = torch.load(path)
model.load_state_dict(checkpoint["model"])
optimizer.load_state_dict(checkpoint["optimizer"])
again = train(model, optimizer, 5)
assert again == straight
torch.save(torch.tensor([1.0, 2.0]), path)
result = [first, straight, checkpoint["epoch"], checkpoint["loss"]] + torch.load(path).tolist()
""",
    "two players": """
import torch
from torch import nn

real = torch.linspace(1, 2, 8).view(-1, 1)
noise = torch.linspace(-1, 1, 8).view(-1, 1)
G, D = nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 4), nn.LeakyReLU(0.2), nn.Linear(4, 1))
start(G), start(D)
g_opt, d_opt = torch.optim.SGD(G.parameters(), lr=0.05), torch.optim.SGD(D.parameters(), lr=0.05)
bce = nn.BCEWithLogitsLoss()
result = []
for step in range(10):
    fake = G(noise)
    d_loss = bce(D(real), torch.ones_like(real)) + bce(D(fake.detach()), torch.zeros(8, 1))
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_loss = bce(D(fake), torch.ones(8, 1))
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    result += [d_loss.item(), g_loss.item()]
""",
    "gradients asked for": """
import torch

x = torch.tensor([0.5, -1.5, 2.0], requires_grad=True)
y = (x**3 + torch.exp(x)).sum()
(slope,) = torch.autograd.grad(y, x)
assert x.grad is None
z = x * 2
handle = z.register_hook(lambda g: g.clamp(-1, 1))
z.retain_grad()
(z * torch.tensor([3.0, 0.5, -4.0])).sum().backward()
handle.remove()
with torch.no_grad():
    x.add_(x.grad, alpha=-0.1).clamp_(min=-1)
n = torch.cat([x.detach().clone(), torch.full((2,), 0.25)]).repeat(2).view(2, -1).flip(1)
result = slope.tolist() + x.grad.tolist() + x.tolist() + n.flatten().tolist() + z.grad.tolist()
""",
    "broadcasting puzzles": """
import torch

def where(q, a, b):
    return q * a + (~q) * b

i, j = torch.arange(4), torch.arange(5)
ones = (i >= 0) * 1
outer = i[:, None] * j[None, :]
eye = (i[:, None] == torch.arange(4)[None]).float()
triu = (i[:, None] <= i) * 1
cumsum = ones @ triu
diff = outer.float() - where(outer > 3, outer, torch.zeros(1, dtype=torch.long)).float()
roll = j[(torch.arange(5) + 1) % 5]
flip = j[5 - torch.arange(5) - 1]
compress = torch.tensor([True, False, True, True, False])
heaviside = where(j - 2 == 0, torch.ones(5), (j - 2 > 0) * 1.0)
pad = (torch.arange(7)[:, None] == j).long() @ j
distances = ((torch.stack([i, i**2], dim=1)[:, None] - torch.stack([j, j], 1)[None]) ** 2).sum(-1).float().sqrt()
values, indices = distances.min(dim=1)
assert outer.shape == torch.Size([4, 5]) and outer.dtype == torch.int64
result = outer.flatten().tolist() + eye.flatten().tolist() + cumsum.tolist() + diff.sum(0).tolist() + roll.tolist()
result += flip.tolist() + j[compress].tolist() + heaviside.tolist() + pad.tolist() + distances.flatten().tolist()
result += values.tolist() + indices.tolist() + (outer // 3 % 2).flatten().tolist() + (-outer // 4).flatten().tolist()
""",
    "masks and slices in place": """
import torch

x = torch.linspace(-3, 3, 24).reshape(4, 6)
x[x < -2] = -2
x[:, ::2] *= 2
x[1] += torch.arange(6)
x[2, 1:4] = torch.tensor([7.0, 8.0, 9.0])
x[[0, 3], [5, 0]] = 100.0
x[:, -1] -= x.mean()
mask = (x > 1) & ~(x > 8) | (x == 100)
row = x[3]
row.clamp_(min=-1, max=2)
y = x.clone()
y.masked_fill_(mask, 0.0)
labels = torch.tensor([2, 0, 1, 2])
onehot = torch.zeros(4, 3).scatter_(1, labels.unsqueeze(1), 1.0)
picked = x.gather(1, labels.view(-1, 1)).squeeze(1)
assert torch.equal(onehot.argmax(dim=1), labels)
result = x.flatten().tolist() + y.sum(dim=0).tolist() + x[mask].tolist() + torch.where(mask, x, -x)[0].tolist()
result += mask.nonzero().flatten().tolist() + picked.tolist() + onehot.flatten().tolist() + x.cumsum(dim=1)[2].tolist()
""",
    "bigrams by counting": """
import torch
import torch.nn.functional as F

words = ["emma", "olivia", "ava", "isabella", "sophia"]
chars = sorted(list(set("".join(words))))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
n = len(stoi)
N = torch.zeros((n, n), dtype=torch.int32)
xs, ys = [], []
for w in words:
    chs = ["."] + list(w) + ["."]
    for ch1, ch2 in zip(chs, chs[1:]):
        N[stoi[ch1], stoi[ch2]] += 1
        xs.append(stoi[ch1])
        ys.append(stoi[ch2])
P = (N + 1).float()
P /= P.sum(1, keepdim=True)
log_likelihood = 0.0
for a, b in zip(xs, ys):
    log_likelihood += torch.log(P[a, b])
result = [-log_likelihood.item() / len(xs)]
xs, ys = torch.tensor(xs), torch.tensor(ys)
W = torch.zeros((n, n), requires_grad=True)
for k in range(10):
    xenc = F.one_hot(xs, num_classes=n).float()
    logits = xenc @ W
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdims=True)
    loss = -probs[torch.arange(xs.nelement()), ys].log().mean() + 0.01 * (W**2).mean()
    W.grad = None
    loss.backward()
    W.data += -10 * W.grad
    result.append(loss.item())
row = torch.zeros(n)
row[3] = 1.0
result += [torch.multinomial(row, num_samples=1, replacement=True).item()] + torch.bincount(ys, minlength=n).tolist()
""",
    "backpropagation by hand": """
import torch

X = torch.sin(torch.arange(12).float()).view(4, 3)
W1 = torch.cos(torch.arange(15).float()).view(3, 5).requires_grad_()
b1 = torch.full((5,), 0.1, requires_grad=True)
W2 = torch.sin(torch.arange(10).float() + 2).view(5, 2).requires_grad_()
y = torch.tensor([0, 1, 1, 0])
hpre = X @ W1 + b1
mean = hpre.mean(0, keepdim=True)
std = (hpre.var(0, keepdim=True, unbiased=True) + 1e-5) ** -0.5
h = torch.tanh((hpre - mean) * std)
logits = h @ W2
logit_max = logits.max(1, keepdim=True).values
logprobs = (logits - logit_max) - (logits - logit_max).exp().sum(1, keepdim=True).log()
loss = -logprobs[range(4), y].mean()
for t in [logprobs, logits, h, hpre]:
    t.retain_grad()
loss.backward()
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(4), y] = -1.0 / 4
dlogits = torch.softmax(logits, 1).detach()
dlogits[range(4), y] -= 1
dlogits /= 4
dW2 = h.T @ dlogits
for ours, t in [(dlogprobs, logprobs.grad), (dlogits, logits.grad), (dW2, W2.grad), (dlogits @ W2.T, h.grad)]:
    assert torch.allclose(ours, t, atol=1e-6), (ours - t).abs().max().item()
result = [loss.item(), float(f"{loss.item():.4f}")] + W1.grad.flatten().tolist() + b1.grad.abs().round().tolist()
""",
    "hooks, graphs kept, gradients gathered": """
import torch

w = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
seen = []
handle = w.register_hook(lambda grad: seen.append(grad.norm().item()))
for batch in torch.arange(12.0).view(4, 3).split(1):
    loss = ((batch * w).sum() - 1) ** 2 / 4
    loss.backward()
handle.remove()
total = w.grad.clone()
w.grad.zero_()
y = w**2
a, b = y.sum(), (y * y).sum()
a.backward(retain_graph=True)
first = w.grad.clone()
b.backward()
try:
    b.backward()
    again = 1.0
except RuntimeError:
    again = 0.0
x = torch.ones(2, 3, requires_grad=True)
(x * w.detach()).backward(gradient=torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
dy_dw, dy_dx = torch.autograd.grad(outputs=(x @ w).pow(2).sum(), inputs=(w, x))
with torch.no_grad():
    frozen = (w * 2).requires_grad
    w /= w.norm()
frozen_layer = w.detach().clone()
frozen_layer.mul_(10)
result = seen + total.tolist() + first.tolist() + w.grad.tolist() + [again, float(frozen)] + x.grad.flatten().tolist()
result += dy_dw.tolist() + dy_dx.flatten().tolist() + w.tolist() + frozen_layer.tolist() + [float(f"{w.norm():.3f}")]
""",
    "attention by einsum, neighbours by order": """
import torch

q, k, v = (torch.cos(torch.arange(48).float() * s).view(2, 2, 3, 4) for s in (1.0, 0.5, 0.25))
q.requires_grad_()
scores = torch.einsum("bhqd,bhkd->bhqk", q, k) / 4**0.5
mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), diagonal=1)
weights = scores.masked_fill(mask, float("-inf")).softmax(dim=-1)
out = torch.einsum("bhqk,bhkd->bqhd", weights, v).contiguous().view(2, 3, -1)
out.square().sum().backward()
points = torch.stack(torch.meshgrid(torch.arange(3.0), torch.arange(2.0), indexing="ij"), dim=-1).reshape(-1, 2)
d = (points.unsqueeze(1) - points.unsqueeze(0)).norm(dim=-1)
nearest = d.topk(3, dim=1, largest=False).values
order = torch.argsort(d[4], stable=True)
votes = torch.bincount(torch.tensor([0, 1, 1, 2, 1, 0])[order[:4]], minlength=3).argmax()
trace = torch.einsum("ii", d) + torch.einsum("i,j->ij", d[0], d[1]).sum()
result = out.flatten().tolist() + q.grad.flatten().tolist() + nearest.flatten().tolist() + order.tolist()
result += [votes.item(), trace.item(), torch.vstack([d[0], d[1]]).std().item(), len(torch.hstack([d[0], d[2]]))]
""",
}


def with_imports_of_tinytorch(script):
    """Return a script with `torch` in its import lines made `tinytorch`; the name in the script stays."""
    lines = []
    for line in script.splitlines():
        if line == "import torch":
            line = "import tinytorch as torch"
        elif re.match(r"(import|from) torch\b", line):
            line = re.sub(r"\btorch\b", "tinytorch", line, count=1)
        lines.append(line)
    return "\n".join(lines)


def start(model):
    """Give a model of either library the same first weights, by the order of its parameters."""
    for i, p in enumerate(model.parameters()):
        ours = isinstance(p.data, np.ndarray)
        shape = tuple(p.shape) if ours or p.ndim < 2 else tuple(p.shape)[::-1]
        array = np.random.default_rng(i).uniform(-0.7, 0.7, shape).astype(np.float32)
        if ours:
            p.data = array
        else:
            p.data.copy_(type(p.data)(array if p.ndim < 2 else array.T.copy()))


def run(script, path):
    """Run a script and return its result."""
    names = {"start": start, "path": str(path), "__name__": "script"}
    exec(compile(script, "script", "exec"), names)
    return names["result"]


@needs_torch
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_gives_pytorchs_numbers(name, tmp_path):
    theirs = run(SCRIPTS[name], tmp_path / "theirs.pt")
    ours = run(with_imports_of_tinytorch(SCRIPTS[name]), tmp_path / "ours.pt")
    np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_without_pytorch(name, tmp_path):
    assert np.isfinite(run(with_imports_of_tinytorch(SCRIPTS[name]), tmp_path / "ours.pt")).all()
