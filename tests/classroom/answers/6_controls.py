# Answers as students give them; see exercises/README.md.


# %% paired: right: a loop over seeds
def paired(seeds_a, a, seeds_b, b):
    diffs = []
    for row, seed in enumerate(seeds_a):
        for other, partner in enumerate(seeds_b):
            if seed == partner:
                diffs.append(a[row] - b[other])
    diffs = np.array(diffs)
    n = len(diffs)
    mean = sum(diffs) / n
    return mean, (((diffs - mean) ** 2).sum(axis=0) / (n - 1)) ** 0.5


# %% paired: right: dictionaries and the statistics module
def paired(seeds_a, a, seeds_b, b):
    from statistics import mean, stdev

    first = dict(zip(seeds_a.tolist(), a))
    second = dict(zip(seeds_b.tolist(), b))
    rows = [first[s] - second[s] for s in first.keys() & second.keys()]
    columns = list(zip(*rows))
    return [mean(map(float, c)) for c in columns], [stdev(map(float, c)) for c in columns]


# %% paired: wrong: rows by position cut off
def paired(seeds_a, a, seeds_b, b):
    d = np.array([x - y for x, y in zip(a, b)])
    return d.mean(axis=0), d.std(axis=0, ddof=1)


# %% paired: wrong: rows by position
def paired(seeds_a, a, seeds_b, b):
    difference = a - b
    return np.mean(difference, axis=0), np.std(difference, axis=0, ddof=1)


# %% paired: wrong: divided by n
def paired(seeds_a, a, seeds_b, b):
    common = sorted(set(seeds_a) & set(seeds_b))
    d = np.stack([a[seeds_a == s][0] - b[seeds_b == s][0] for s in common])
    return np.mean(d, axis=0), np.std(d, axis=0)


# %% paired: wrong: difference reversed
def paired(seeds_a, a, seeds_b, b):
    common = sorted(set(seeds_a) & set(seeds_b))
    d = np.stack([b[list(seeds_b).index(s)] - a[list(seeds_a).index(s)] for s in common])
    return d.mean(axis=0), d.std(axis=0, ddof=1)


# %% paired: wrong: spreads added
def paired(seeds_a, a, seeds_b, b):
    common = np.intersect1d(seeds_a, seeds_b)
    a = np.array([a[np.where(seeds_a == s)[0][0]] for s in common])
    b = np.array([b[np.where(seeds_b == s)[0][0]] for s in common])
    return a.mean(0) - b.mean(0), (a.std(0, ddof=1) ** 2 + b.std(0, ddof=1) ** 2) ** 0.5


# %% paired: wrong: over the sets
def paired(seeds_a, a, seeds_b, b):
    common = np.intersect1d(seeds_a, seeds_b)
    d = np.array([a[seeds_a == s][0] - b[seeds_b == s][0] for s in common])
    return np.mean(d, axis=1), np.std(d, axis=1, ddof=1)


# %% paired: wrong: not paired
def paired(seeds_a, a, seeds_b, b):
    return np.mean(a, 0) - np.mean(b, 0), (np.std(a, 0, ddof=1) ** 2 + np.std(b, 0, ddof=1) ** 2) ** 0.5


# %% paired: wrong: standard error
def paired(seeds_a, a, seeds_b, b):
    common = np.intersect1d(seeds_a, seeds_b)
    d = np.array([a[seeds_a == s][0] - b[seeds_b == s][0] for s in common])
    return d.mean(0), d.std(0, ddof=1) / len(common) ** 0.5


# %% verdicts: right: written down by eye, in other case
verdicts = ("Lose", "Win", "Win", "Lose")

# %% verdicts: wrong: reversed
sa, a = rows("all cells", "no temperature")
sb, b = rows("true masks", "no temperature")
d = a[sa.argsort()] - b[sb.argsort()]
verdicts = ["win" if all(x > 0) else "lose" if all(x < 0) else "unclear" for x in d.T]

# %% verdicts: wrong: against the plain network
sa, a = rows("true masks", "no temperature")
sb, b = rows("plain", "no temperature")
d = a[sa.argsort()] - b[sb.argsort()]
verdicts = ["win" if all(x > 0) else "lose" if all(x < 0) else "unclear" for x in d.T]

# %% suspects: right: read from a printed table, to one digit after the point
suspects = [-3.0, -2.7, -0.07]

# %% suspects: wrong: share
suspects = [paired(*rows("true masks", s), *rows("all cells", s))[0][0] for s in ("MSP", "no temperature")] + [
    paired(*rows("random cells", "no temperature"), *rows("all cells", "no temperature"))[0][0]
]

# %% suspects: wrong: reversed
suspects = [100 * paired(*rows("all cells", s), *rows("true masks", s))[0][0] for s in ("MSP", "no temperature")] + [
    100 * paired(*rows("all cells", "no temperature"), *rows("random cells", "no temperature"))[0][0]
]

# %% suspects: wrong: mean over sets
suspects = [
    100 * paired(*rows("true masks", s), *rows("all cells", s))[0].mean() for s in ("MSP", "no temperature")
] + [100 * paired(*rows("random cells", "no temperature"), *rows("all cells", "no temperature"))[0].mean()]


# %% split: right: einsum
def split(cells, on):
    n = cells.shape[1]
    return np.einsum("nkc,nk->nc", cells, on) / n, np.einsum("nkc,nk->nc", cells, 1.0 - on) / n


# %% split: right: image by image, the background as what is left
def split(cells, on):
    obj = np.zeros((len(cells), cells.shape[2]))
    for i in range(len(cells)):
        for k in np.flatnonzero(on[i]):
            obj[i] += cells[i, k] / cells.shape[1]
    return obj, cells.mean(axis=1) - obj


# %% split: right: np.where
def split(cells, on):
    m = on[..., np.newaxis]
    return np.mean(np.where(m, cells, 0), 1), np.mean(np.where(m, 0, cells), 1)


# %% split: wrong: mean of its own cells
def split(cells, on):
    obj = np.array([c[o].mean(axis=0) for c, o in zip(cells, on)])
    bg = np.array([c[~o].mean(axis=0) for c, o in zip(cells, on)])
    return obj, bg


# %% split: wrong: parts swapped
def split(cells, on):
    m = on[:, :, None]
    return np.where(m, 0, cells).mean(1), np.where(m, cells, 0).mean(1)


# %% split: wrong: sums
def split(cells, on):
    m = on[:, :, None]
    return np.where(m, cells, 0).sum(1), np.where(m, 0, cells).sum(1)


# %% split: wrong: over the channels
def split(cells, on):
    m = on[:, :, None]
    return np.mean(cells * m, axis=-1), np.mean(cells * (1 - m), axis=-1)


# %% split: wrong: images thrown together
def split(cells, on):
    return np.mean(cells[on], axis=0), np.mean(cells[~on], axis=0)


# %% share_of: right: by hand
def share_of(unknown, known):
    mean_u = ((unknown**2).sum(-1) ** 0.5).sum() / unknown.shape[0]
    mean_k = ((known**2).sum(-1) ** 0.5).sum() / known.shape[0]
    return mean_u / mean_k


# %% share_of: wrong: length of the mean
def share_of(unknown, known):
    return np.linalg.norm(np.mean(unknown, axis=0)) / np.linalg.norm(np.mean(known, axis=0))


# %% share_of: wrong: norm of the array
def share_of(unknown, known):
    return np.mean(np.linalg.norm(unknown)) / np.mean(np.linalg.norm(known))


# %% share_of: wrong: norm over the images
def share_of(unknown, known):
    return np.mean(np.linalg.norm(unknown, axis=0)) / np.mean(np.linalg.norm(known, axis=0))


# %% share_of: wrong: upside down
def share_of(unknown, known):
    lengths = [np.sqrt((f * f).sum(1)).mean() for f in (known, unknown)]
    return lengths[0] / lengths[1]


# %% alone: wrong: only unknown cut
alone = []
for n in ("all cells", "true masks"):
    reference = msp(n, whole(n, "known digits"))
    for p in ("object", "background"):
        alone.append(auroc(reference, msp(n, part(n, "unseen digits", p))))

# %% alone: wrong: sign flipped
alone = []
for n in ("all cells", "true masks"):
    for p in ("object", "background"):
        alone.append(auroc(msp(n, part(n, "unseen digits", p)), msp(n, part(n, "known digits", p))))

# %% alone: wrong: parts swapped
alone = []
for n in ("all cells", "true masks"):
    for p in ("background", "object"):
        alone.append(auroc(msp(n, part(n, "known digits", p)), msp(n, part(n, "unseen digits", p))))


# %% pull: right: from the lengths
def pull(unknown, known, share):
    target = share * np.linalg.norm(known, axis=1).mean()
    present = np.linalg.norm(unknown, axis=1).mean()
    if present == 0:
        return unknown.copy()
    return unknown / present * target


# %% pull: wrong: times share
def pull(unknown, known, share):
    return share * unknown


# %% pull: wrong: all of one length with nan
def pull(unknown, known, share):
    direction = unknown / np.linalg.norm(unknown, axis=1, keepdims=True)
    return direction * np.linalg.norm(known, axis=1).mean() * share


# %% pull: wrong: nan at zero
def pull(unknown, known, share):
    factor = share / share_of(unknown, known)
    return unknown * factor


# %% pull: wrong: factor upside down
def pull(unknown, known, share):
    if not unknown.any():
        return unknown
    return unknown * share_of(unknown, known) / share


# %% pull: wrong: known ones pulled
def pull(unknown, known, share):
    now = share_of(unknown, known)
    return known * (share / now) if now else known * 0


# %% swapped: wrong: not pulled
n = "true masks"
swapped = [auroc(msp(n, whole(n, "known digits")), msp(n, whole(n, s))) for s in ("unseen digits", "no digit")]

# %% swapped: wrong: other direction
ours, theirs = "all cells", "true masks"
known = msp(ours, whole(ours, "known digits"))
s1 = share_of(part(theirs, "unseen digits", "object"), part(theirs, "known digits", "object"))
s2 = share_of(whole(theirs, "no digit"), whole(theirs, "known digits"))
new1 = pull(part(ours, "unseen digits", "object"), part(ours, "known digits", "object"), s1) + part(
    ours, "unseen digits", "background"
)
new2 = pull(whole(ours, "no digit"), whole(ours, "known digits"), s2)
swapped = [auroc(known, msp(ours, new1)), auroc(known, msp(ours, new2))]

# %% swapped: wrong: background left out
ours, theirs = "true masks", "all cells"
known = msp(ours, whole(ours, "known digits"))
s1 = share_of(part(theirs, "unseen digits", "object"), part(theirs, "known digits", "object"))
s2 = share_of(whole(theirs, "no digit"), whole(theirs, "known digits"))
new1 = pull(part(ours, "unseen digits", "object"), part(ours, "known digits", "object"), s1)
new2 = pull(whole(ours, "no digit"), whole(ours, "known digits"), s2)
swapped = [auroc(known, msp(ours, new1)), auroc(known, msp(ours, new2))]
