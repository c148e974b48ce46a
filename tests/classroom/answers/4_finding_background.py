"""Answers to exercise 4 as students would give them."""


# %% background_of: right: block by block
def background_of(masks, side=8):
    step = masks.shape[1] // side
    result = np.zeros((len(masks), side, side), bool)
    for n in range(len(masks)):
        for i in range(side):
            for j in range(side):
                block = masks[n, i * step : (i + 1) * step, j * step : (j + 1) * step]
                result[n, i, j] = block.sum() / block.size < 0.1
    return result


# %% background_of: right: counts pixels by einsum
def background_of(m, side=8):
    b = m.shape[-1] // side
    pixels = np.einsum("nipjq->nij", m.reshape(-1, side, b, side, b).astype(int))
    return 10 * pixels < b * b


# %% background_of: wrong: any pixel
def background_of(masks, side=8):
    b = masks.shape[1] // side
    return ~masks.reshape(len(masks), side, b, side, b).any(axis=(2, 4))


# %% background_of: wrong: digit instead of background
def background_of(masks, side=8):
    b = masks.shape[1] // side
    return ~(masks.reshape(len(masks), side, b, side, b).mean(axis=(2, 4)) < 0.1)


# %% background_of: wrong: blocks mixed up
def background_of(masks, side=8):
    b = masks.shape[1] // side
    blocks = masks.reshape(len(masks), side, side, b * b)
    return blocks.mean(-1) < 0.1


# %% background_of: wrong: up to half of the block
def background_of(masks, side=8):
    b = masks.shape[1] // side
    return masks.reshape(len(masks), side, b, side, b).mean(axis=(2, 4)).round() == 0


# %% background_of: wrong: corner pixel
def background_of(masks, side=8):
    small = masks[:, :: masks.shape[1] // side, :: masks.shape[2] // side]
    return small == 0


# %% background_of: wrong: exactly a tenth
def background_of(masks, side=8):
    b = masks.shape[1] // side
    return masks.reshape(len(masks), side, b, side, b).mean(axis=(2, 4)) <= 0.1


# %% quality: right: counts by hand
def quality(chosen, background):
    hits = took = there = cells = 0
    for c, b in zip(chosen.ravel(), background.ravel()):
        hits += c and b
        took += c
        there += b
        cells += 1
    return float(hits / took) if took else float("nan"), hits / there, there / cells, took / cells


# %% quality: right: means of picked entries
def quality(taken, truth):
    with np.errstate(all="ignore"):
        p = np.sum(taken * truth) / np.sum(taken)
    return [p, taken[truth].mean(), np.mean(truth), np.mean(taken)]


# %% quality: wrong: precision and recall swapped
def quality(chosen, background):
    tp = np.logical_and(chosen, background).sum()
    recall = tp / chosen.sum() if chosen.sum() else np.nan
    precision = tp / background.sum()
    return precision, recall, background.mean(), chosen.mean()


# %% quality: wrong: accuracy for precision
def quality(chosen, background):
    right = (chosen & background) | (~chosen & ~background)
    return right.mean(), chosen[background].mean(), background.mean(), chosen.mean()


# %% quality: wrong: zero where nothing is taken
def quality(chosen, background):
    tp = (chosen & background).sum()
    return tp / max(chosen.sum(), 1), tp / background.sum(), background.mean(), chosen.mean()


# %% quality: wrong: error where nothing is taken
def quality(chosen, background):
    tp = (chosen & background).sum().item()
    return tp / chosen.sum().item(), tp / background.sum(), background.mean(), chosen.mean()


# %% quality: wrong: mean over images
def quality(chosen, background):
    precision, recall = [], []
    for c, b in zip(chosen, background):
        if c.any():
            precision.append((c & b).sum() / c.sum())
        recall.append((c & b).sum() / b.sum())
    return (np.mean(precision) if precision else np.nan), np.mean(recall), background.mean(), chosen.mean()


# %% quality: wrong: mean over images with none taken
def quality(chosen, background):
    tp = (chosen & background).sum(axis=(1, 2))
    precision = np.mean(tp / chosen.sum(axis=(1, 2)))
    return precision, np.mean(tp / background.sum(axis=(1, 2))), background.mean(), chosen.mean()


# %% quality: wrong: mean over images none taken as zero
def quality(chosen, background):
    p = [(c & b).sum() / max(c.sum(), 1) for c, b in zip(chosen, background)]
    r = [(c & b).sum() / b.sum() for c, b in zip(chosen, background)]
    return np.mean(p), np.mean(r), background.mean(), chosen.mean()


# %% quality: wrong: chance and taken swapped
def quality(chosen, background):
    tp = (chosen & background).sum()
    p = tp / chosen.sum() if chosen.any() else np.nan
    return p, tp / background.sum(), chosen.mean(), background.mean()


# %% border: right: padding
def border(logits, labels):
    n, h, w, _ = logits.shape
    inner = np.zeros((n, h - 2, w - 2), dtype=bool)
    return np.pad(inner, ((0, 0), (1, 1), (1, 1)), constant_values=True)


# %% border: right: by distance
def border(logits, labels):
    side = logits.shape[1]
    i, j = np.indices((side, side))
    rim = np.minimum(np.minimum(i, j), np.minimum(side - 1 - i, side - 1 - j)) == 0
    return np.tile(rim, (len(logits), 1, 1))


# %% border: wrong: inside
def border(logits, labels):
    out = np.zeros(logits.shape[:-1]) == 1
    out[:, 1 : logits.shape[1] - 1, 1 : logits.shape[2] - 1] = True
    return out


# %% border: wrong: rows only
def border(logits, labels):
    out = np.zeros(logits.shape[:3], dtype=bool)
    out[:, 0, :] = out[:, -1, :] = True
    return out


# %% border: wrong: two corners
def border(logits, labels):
    out = np.zeros(logits.shape[:3], dtype=bool)
    out[:, [0, -1], [0, -1]] = True
    return out


# %% border: wrong: two cells wide
def border(logits, labels):
    out = np.zeros(logits.shape[:3], dtype=bool)
    out[:, :2] = out[:, -2:] = True
    out[:, :, :2] = out[:, :, -2:] = True
    return out


# %% border: wrong: rim over images
def border(logits, labels):
    out = np.zeros(logits.shape[:3], dtype=bool)
    out[0] = out[-1] = True
    out[:, 0] = out[:, -1] = True
    return out


# %% border: wrong: shape
def border(logits, labels):
    out = np.ones((8, 8), dtype=bool)
    out[1:7, 1:7] = False
    return out


# %% evidence: right: cell by cell
def evidence(logits, labels):
    out = np.zeros(logits.shape[:3])
    for n, label in enumerate(labels):
        for i in range(logits.shape[1]):
            for j in range(logits.shape[2]):
                cell = logits[n, i, j]
                out[n, i, j] = 1 / np.exp(np.clip(cell - cell[label], None, 700)).sum()
    return out


# %% evidence: right: in torch
def evidence(logits, labels):
    import torch

    p = torch.softmax(torch.as_tensor(logits), dim=-1)
    index = torch.as_tensor(labels)[:, None, None, None].expand(*p.shape[:3], 1)
    return torch.gather(p, -1, index)[..., 0]


# %% evidence: right: take_along_axis
def evidence(logits, labels):
    z = np.exp(logits - np.max(logits, axis=3)[..., None])
    z = z / np.sum(z, axis=3)[..., None]
    return np.take_along_axis(z, labels.reshape(-1, 1, 1, 1), axis=3).squeeze(3)


# %% evidence: wrong: overflow
def evidence(logits, labels):
    e = np.exp(logits)
    p = e / e.sum(axis=3, keepdims=True)
    return np.array([p[n, :, :, c] for n, c in enumerate(labels)])


# %% evidence: wrong: softmax over cells
def evidence(logits, labels):
    own = np.array([logits[n, :, :, c] for n, c in enumerate(labels)])
    e = np.exp(own - own.max(axis=(1, 2), keepdims=True))
    return e / e.sum(axis=(1, 2), keepdims=True)


# %% evidence: wrong: likeliest class
def evidence(logits, labels):
    z = logits - logits.max(-1, keepdims=True)
    return 1 / np.exp(z).sum(-1)


# %% evidence: wrong: logit instead of probability
def evidence(logits, labels):
    return np.stack([image[..., label] for image, label in zip(logits, labels)])


# %% evidence: wrong: labels of all images for each
def evidence(logits, labels):
    z = np.exp(logits - logits.max(-1, keepdims=True))
    z /= z.sum(-1, keepdims=True)
    return z[..., labels]


# %% evidence: wrong: shape
def evidence(logits, labels):
    z = np.exp(logits - logits.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


# %% evidence: wrong: first label for all
def evidence(logits, labels):
    z = np.exp(logits - logits.max(-1, keepdims=True))
    z /= z.sum(-1, keepdims=True)
    return z[:, :, :, labels[0]]


# %% least_evidence: right: by the k-th smallest
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    k = values[0].size // 4
    limit = np.sort(values.reshape(len(values), -1))[:, k - 1]
    return values <= limit.reshape(-1, 1, 1)


# %% least_evidence: right: image by image
def least_evidence(logits, labels):
    result = []
    for image in evidence(logits, labels):
        ranks = np.argsort(np.argsort(image, axis=None)).reshape(image.shape)
        result.append(ranks < image.size / 4)
    return np.array(result)


# %% least_evidence: wrong: quarter of the batch
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    return values < np.quantile(values, 0.25)


# %% least_evidence: wrong: evidence below a quarter
def least_evidence(logits, labels):
    return evidence(logits, labels) <= 0.25


# %% least_evidence: wrong: most evidence
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    return values >= np.quantile(values, 0.75, axis=(1, 2), keepdims=True)


# %% least_evidence: wrong: three quarters
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    return values > np.quantile(values, 0.25, axis=(1, 2), keepdims=True)


# %% least_evidence: wrong: places for ranks
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    e = values.reshape(len(values), -1)
    return (e.argsort(1) < e.shape[1] // 4).reshape(values.shape)


# %% least_evidence: wrong: sixteen cells
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    chosen = np.zeros(values.shape, bool)
    for n, image in enumerate(values):
        chosen[n].flat[np.argsort(image, axis=None)[:16]] = True
    return chosen


# %% least_evidence: wrong: half of the cells
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    return values <= np.median(values, axis=(1, 2), keepdims=True)


# %% least_evidence: wrong: quarter of each row
def least_evidence(logits, labels):
    values = evidence(logits, labels)
    k = values.shape[2] // 4
    return values <= np.sort(values, axis=2)[:, :, k - 1 : k]


# %% three: right: rounded
three = [0.75, 0.93, 0.75]

# %% three: wrong: taken
three = (0.746, 0.4375, 0.25)

# %% three: wrong: recall
three = [0.75, 0.55, 0.25]

# %% three: wrong: other
three = [0.5, 0.93, 0.75]


# %% my_selector: right: unsure of every class
def my_selector(logits, labels):
    largest = logits.max(-1)
    flat = np.sort(largest.reshape(len(largest), -1), axis=1)
    limit = flat[:, flat.shape[1] * 2 // 5]
    calm = largest <= limit[:, None, None]
    return calm & (np.abs(logits).max(-1) <= 20)


# %% my_selector: right: two rules together
def my_selector(logits, labels):
    a = logits[np.arange(len(labels)), :, :, labels]
    a = a - a.min((1, 2), keepdims=True)
    low = a <= 0.3 * a.max((1, 2), keepdims=True)
    return low & border(logits, labels)


# %% my_selector: right: length of the logits
def my_selector(logits, labels):
    chosen = []
    for image in logits:
        size = np.sqrt((image**2).sum(-1))
        chosen.append(size < np.median(size))
    return np.array(chosen)


# %% my_selector: wrong: the rim itself
def my_selector(logits, labels):
    return border(logits, labels)


# %% my_selector: wrong: a blind choice
def my_selector(logits, labels):
    return least_evidence(logits, labels)


# %% my_selector: wrong: below the rim
def my_selector(logits, labels):
    return least_evidence(logits, labels) & border(logits, labels)


# %% my_selector: wrong: takes nearly all
def my_selector(logits, labels):
    return np.ones(logits.shape[:3])


# %% my_selector: wrong: below the rim
def my_selector(logits, labels):
    a = logits[np.arange(len(labels)), :, :, labels]
    low, high = a.min((1, 2), keepdims=True), a.max((1, 2), keepdims=True)
    return (a - low) / (high - low) < 0.5


# %% my_selector: wrong: digits chosen
def my_selector(logits, labels):
    spread = logits.max(-1) - logits.min(-1)
    return spread >= np.median(spread, axis=(1, 2), keepdims=True)


# %% my_selector: wrong: takes too little
def my_selector(logits, labels):
    spread = logits.std(-1)
    return (spread <= np.quantile(spread, 0.2, axis=(1, 2), keepdims=True)) & border(logits, labels)


# %% my_selector: wrong: not true or false
def my_selector(logits, labels):
    return logits.std(-1)


# %% after: right: rounded
after = [0.937, 0.791]

# %% after: wrong: of the network before
after = [0.856, 0.5285]

# %% after: wrong: of the taken cells
after = [0.937, 0.215]

# %% after: wrong: of all cells
background = background_of(masks)
c = cam_threshold(trained, labels)
after = [c.mean(), (c & ~background).mean()]

# %% after: wrong: recall first
background = background_of(masks)
c = cam_threshold(trained, labels)
after = [c[background].mean(), c[~background].mean()]

# %% after: wrong: other
after = [0.9, 0.3]
