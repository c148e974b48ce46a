# Answers as students give them; see exercises/README.md.

# %% softmax: right: a loop over images
def softmax(logits):
    rows = []
    for z in logits:
        e = [np.exp(v - max(z)) for v in z]
        rows.append([v / sum(e) for v in e])
    return np.array(rows)


# %% softmax: right: transposed twice
def softmax(z):
    z = z.T - z.max(1)
    return (np.exp(z) / np.exp(z).sum(0)).T


# %% softmax: right: torch, where it is
def softmax(logits):
    try:
        import torch
    except ImportError:
        return np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])
    return torch.softmax(torch.from_numpy(logits), dim=1)


# %% softmax: wrong: wrong axis
def softmax(logits):
    logits = logits - np.max(logits, axis=0)
    return np.exp(logits) / np.sum(np.exp(logits), axis=0)


# %% softmax: wrong: wrong axis
def softmax(logits):
    e = np.exp(logits)
    return e / e.sum(axis=0)


# %% softmax: wrong: over all images
def softmax(logits):
    e = np.exp(logits - np.max(logits))
    return e / np.sum(e)


# %% softmax: wrong: overflow
def softmax(logits):
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


# %% softmax: wrong: largest of all images
def softmax(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum(axis=1)[:, None]


# %% softmax: wrong: error: ValueError
def softmax(logits):
    e = np.exp(logits - logits.max(axis=1))
    return e / e.sum(axis=1)


# %% msp: right: sorted
def msp(logits):
    return 1.0 - np.sort(softmax(logits), axis=-1)[:, -1]


# %% msp: right: without softmax
def msp(logits):
    return 1 - 1 / np.exp(logits - logits.max(1, keepdims=True)).sum(1)


# %% msp: wrong: sign flipped
def msp(logits):
    return np.max(softmax(logits), axis=1)


# %% msp: wrong: one minus forgotten
def msp(logits):
    return -np.max(softmax(logits), axis=1)


# %% msp: wrong: largest over images
def msp(logits):
    return 1 - softmax(logits).max(0)


# %% msp: wrong: which class
def msp(logits):
    return np.argmax(softmax(logits), axis=1)


# %% msp: wrong: largest logit
def msp(logits):
    return 1 - np.max(logits, axis=1)


# %% msp: wrong: wrong axis
def msp(logits):
    p = np.exp(logits - logits.max(0)) / np.exp(logits - logits.max(0)).sum(0)
    return 1 - p.max(1)


# %% msp: wrong: shape
def msp(logits):
    return 1 - softmax(logits).max()


# %% energy: right: logaddexp
def energy(logits, temperature):
    return -temperature * np.logaddexp.reduce(logits / temperature, axis=1)


# %% energy: right: image by image
def energy(logits, T):
    out = []
    for z in logits:
        m = max(z)
        out.append(-(m + T * np.log(sum(np.exp((v - m) / T) for v in z))))
    return out


# %% energy: wrong: sign flipped
def energy(logits, temperature):
    return temperature * np.logaddexp.reduce(logits / temperature, axis=1)


# %% energy: wrong: overflow
def energy(logits, temperature):
    return -temperature * np.log(np.sum(np.exp(logits / temperature), axis=1))


# %% energy: wrong: temperature in front forgotten
def energy(logits, temperature):
    return -np.logaddexp.reduce(logits / temperature, axis=1)


# %% energy: wrong: temperature ignored
def energy(logits, temperature):
    m = logits.max(1)
    return -(m + np.log(np.exp(logits - m[:, None]).sum(1)))


# %% energy: wrong: temperature multiplied
def energy(logits, T):
    return -T * np.logaddexp.reduce(T * logits, axis=1)


# %% energy: wrong: wrong axis
def energy(logits, temperature):
    return -temperature * np.logaddexp.reduce(logits / temperature, axis=0)


# %% energy: wrong: mean instead of sum
def energy(logits, temperature):
    z = logits / temperature
    m = z.max(axis=1, keepdims=True)
    return -temperature * (m[:, 0] + np.log(np.exp(z - m).mean(axis=1)))


# %% react: right: clip, einsum
def react(features, train, weight, bias, percent):
    clipped = np.clip(features, None, np.percentile(train.ravel(), percent))
    return energy(np.einsum("nc,kc->nk", clipped, weight) + bias, 1)


# %% react: right: quantile, and a copy changed in place
def react(f, train, w, b, percent):
    f = f.copy()
    c = np.quantile(train, percent / 100)
    f[f > c] = c
    return -np.log(np.exp(f @ w.T + b).sum(1))


# %% react: wrong: percentile per sample
def react(features, train, weight, bias, percent):
    c = np.percentile(features, percent, axis=1)
    f = np.minimum(features, c[:, None])
    return energy(f @ weight.T + bias, 1)


# %% react: wrong: percentile per feature
def react(features, train, weight, bias, percent):
    c = np.percentile(train, percent, axis=0)
    return energy(np.minimum(features, c) @ weight.T + bias, 1)


# %% react: wrong: percentile of the judged
def react(features, train, weight, bias, percent):
    c = np.percentile(features, percent)
    return energy(np.minimum(features, c) @ weight.T + bias, 1)


# %% react: wrong: zero beyond the limit
def react(features, train, weight, bias, percent):
    c = np.percentile(train, percent)
    return energy((features * (features <= c)) @ weight.T + bias, 1)


# %% react: wrong: bias forgotten
def react(features, train, weight, bias, percent):
    c = np.percentile(train, percent)
    return energy(np.minimum(features, c) @ weight.T, 1)


# %% react: wrong: percent taken for a share
def react(features, train, weight, bias, percent):
    c = np.quantile(train, percent / 100 / 100)
    return energy(np.minimum(features, c) @ weight.T + bias, 1)


# %% react: wrong: error: ValueError
def react(features, train, weight, bias, percent):
    c = np.percentile(train, percent)
    return energy(np.minimum(features, c) @ weight + bias, 1)


# %% cosine_score: right: pair by pair
def cosine_score(features, centres):
    scores = []
    for x in features:
        best = -1
        for c in centres:
            n = np.sqrt(sum(x * x)) * np.sqrt(sum(c * c))
            best = max(best, float(sum(x * c) / n) if n > 0 else 0.0)
        scores.append(1 - best)
    return np.array(scores)


# %% cosine_score: right: nan_to_num
def cosine_score(features, centres):
    with np.errstate(invalid="ignore"):
        a = features / np.linalg.norm(features, axis=1)[:, None]
    b = centres / np.linalg.norm(centres, axis=1)[:, None]
    return 1 - np.max(np.nan_to_num(a) @ b.T, axis=1)


# %% cosine_score: right: a little added to the lengths
def cosine_score(features, centres):
    a = features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-12)
    b = centres / (np.linalg.norm(centres, axis=1, keepdims=True) + 1e-12)
    return np.min(1 - a @ b.T, axis=1)


# %% cosine_score: wrong: zero norm
def cosine_score(features, centres):
    a = features / np.linalg.norm(features, axis=1, keepdims=True)
    b = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    return 1 - (a @ b.T).max(axis=1)


# %% cosine_score: wrong: sign flipped
def cosine_score(features, centres):
    a = features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-12)
    b = centres / (np.linalg.norm(centres, axis=1, keepdims=True) + 1e-12)
    return (a @ b.T).max(axis=1)


# %% cosine_score: wrong: not divided
def cosine_score(features, centres):
    return 1 - np.dot(features, centres.T).max(axis=1)


# %% cosine_score: wrong: centres not divided
def cosine_score(features, centres):
    n = np.linalg.norm(features, axis=1, keepdims=True)
    n[n == 0] = 1
    return 1 - ((features / n) @ centres.T).max(axis=1)


# %% cosine_score: wrong: norm over the wrong axis
def cosine_score(features, centres):
    a = features / np.linalg.norm(features, axis=0)
    b = centres / np.linalg.norm(centres, axis=0)
    return 1 - (a @ b.T).max(axis=1)


# %% cosine_score: wrong: farthest class
def cosine_score(features, centres):
    a = features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-12)
    b = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    return (1 - a @ b.T).max(axis=1)


# %% cell_norm: right: linalg over two moved axes
def cell_norm(maps):
    n, c, h, w = maps.shape
    cells = maps.reshape(n, c, h * w).transpose(0, 2, 1)
    return -np.linalg.norm(cells, axis=-1).mean(axis=1)


# %% cell_norm: right: einsum
def cell_norm(maps):
    return -np.sqrt(np.einsum("nchw,nchw->nhw", maps, maps)).mean((-1, -2))


# %% cell_norm: wrong: sign flipped
def cell_norm(maps):
    return np.sqrt(np.sum(maps**2, axis=1)).mean(axis=2).mean(axis=1)


# %% cell_norm: wrong: mean before norm
def cell_norm(maps):
    pooled = maps.mean(axis=3).mean(axis=2)
    return -np.linalg.norm(pooled, axis=1)


# %% cell_norm: wrong: norm over the wrong axis
def cell_norm(maps):
    return -np.linalg.norm(maps.reshape(maps.shape[0], maps.shape[1], -1), axis=2).mean(axis=1)


# %% cell_norm: wrong: norm of the whole map
def cell_norm(maps):
    return -np.linalg.norm(maps.reshape(len(maps), -1), axis=1)


# %% cell_norm: wrong: root forgotten
def cell_norm(maps):
    return -np.mean(np.sum(maps**2, axis=1), axis=(1, 2))


# %% cell_norm: wrong: sum over cells
def cell_norm(maps):
    return -np.linalg.norm(maps, axis=1).sum((1, 2))


# %% combine: right: score by score
def combine(scores, reference):
    z = [(s - np.mean(r)) / np.std(r) for s, r in zip(scores, reference)]
    return sum(z) / len(z)


# %% combine: wrong: scaled by the judged
def combine(scores, reference):
    z = [(s - np.mean(s)) / np.std(s) for s in scores]
    return np.mean(z, axis=0)


# %% combine: wrong: one scale for all
def combine(scores, reference):
    return np.mean((scores - np.mean(reference)) / np.std(reference), axis=0)


# %% combine: wrong: not scaled
def combine(scores, reference):
    return np.mean(scores, axis=0)


# %% combine: wrong: sum instead of mean
def combine(scores, reference):
    return sum((s - r.mean()) / r.std() for s, r in zip(scores, reference))


# %% combine: wrong: mean over images
def combine(scores, reference):
    return np.mean((scores.T - reference.mean(1)) / reference.std(1), axis=0)


# %% combine: wrong: error: ValueError
def combine(scores, reference):
    return ((scores - reference.mean(axis=1)) / reference.std(axis=1)).mean(axis=0)


# %% worst: wrong: scaled by the judged
worst = []
centres = np.stack([bank["train"][bank["labels"] == k].mean(0) for k in range(6)])
m = {n: msp(logits[n]) for n in logits}
c = {n: cosine_score(bank[n], centres) for n in logits}
z = {n: ((m[n] - m[n].mean()) / m[n].std() + (c[n] - c[n].mean()) / c[n].std()) / 2 for n in logits}
for s in (m, c, z):
    worst.append(min(auroc(s["test"], s["unseen"]), auroc(s["test"], s["novel"])))

# %% worst: right: step by step
centres = np.stack([bank["train"][bank["labels"] == k].mean(0) for k in range(6)])
found = []
for f in (
    lambda n: msp(logits[n]),
    lambda n: cosine_score(bank[n], centres),
    lambda n: combine(
        np.stack([msp(logits[n]), cosine_score(bank[n], centres)]),
        np.stack([msp(logits["train"]), cosine_score(bank["train"], centres)]),
    ),
):
    found.append(round(min(auroc(f("test"), f("unseen")), auroc(f("test"), f("novel"))), 3))
worst = np.array(found)
