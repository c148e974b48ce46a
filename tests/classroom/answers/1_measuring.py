# Answers as students give them; see exercises/README.md.

# %% errors_at: right: counting by hand
def errors_at(t, known, unknown):
    bad = 0
    for s in known:
        if s > t:
            bad += 1
    missed = sum(1 for s in unknown if not s > t)
    return bad / len(known), missed / len(unknown)


# %% errors_at: right: a dictionary of two is no tuple, a list is
def errors_at(threshold, id_scores, ood_scores):
    flagged = np.count_nonzero(id_scores > threshold) / id_scores.size
    return [flagged, 1 - np.mean(ood_scores > threshold)]


# %% errors_at: wrong: sign flipped
def errors_at(threshold, id_scores, ood_scores):
    flagged = id_scores < threshold
    accepted = ood_scores >= threshold
    return flagged.mean(), accepted.mean()


# %% errors_at: wrong: order swapped
def errors_at(threshold, id_scores, ood_scores):
    accepted = np.mean(ood_scores <= threshold)
    flagged = np.mean(id_scores > threshold)
    return accepted, flagged


# %% errors_at: wrong: equal scores
def errors_at(threshold, id_scores, ood_scores):
    return np.mean(id_scores >= threshold), np.mean(ood_scores < threshold)


# %% errors_at: wrong: counts instead of shares
def errors_at(threshold, id_scores, ood_scores):
    return sum(id_scores > threshold), sum(ood_scores <= threshold)


# %% errors_at: wrong: divided by all images
def errors_at(threshold, id_scores, ood_scores):
    total = len(id_scores) + len(ood_scores)
    return np.sum(id_scores > threshold) / total, np.sum(ood_scores <= threshold) / total


# %% errors_at: wrong: right ones counted
def errors_at(threshold, id_scores, ood_scores):
    return 1 - np.mean(id_scores > threshold), 1 - np.mean(ood_scores <= threshold)


# %% errors_at: wrong: percent
def errors_at(threshold, id_scores, ood_scores):
    return 100 * np.mean(id_scores > threshold), 100 * np.mean(ood_scores <= threshold)


# %% errors_at: wrong: count
def errors_at(threshold, id_scores, ood_scores):
    return np.mean(id_scores > threshold)


# %% auroc: right: two loops
def auroc(id_scores, ood_scores):
    wins = 0
    for o in ood_scores:
        for i in id_scores:
            if o > i:
                wins += 1
            elif o == i:
                wins += 0.5
    return wins / (len(id_scores) * len(ood_scores))


# %% auroc: right: by ranks
def ranks(values):
    order = np.argsort(values, kind="stable")
    r = np.empty(len(values))
    r[order] = np.arange(1, len(values) + 1)
    for v in np.unique(values):
        r[values == v] = r[values == v].mean()
    return r


def auroc(neg, pos):
    r = ranks(np.concatenate([neg, pos]))
    n = len(pos)
    return (r[len(neg) :].sum() - n * (n + 1) / 2) / (n * len(neg))


# %% auroc: right: searchsorted
def auroc(a, b):
    a = np.sort(a)
    below = np.searchsorted(a, b, side="left")
    upto = np.searchsorted(a, b, side="right")
    return float(np.mean((below + upto) / 2 / len(a)))


# %% auroc: right: with sign
def auroc(id_scores, ood_scores):
    return (np.sign(np.subtract.outer(ood_scores, id_scores)) + 1).mean() / 2


# %% auroc: right: trapezoids under the curve
def auroc(id_scores, ood_scores):
    ts = np.unique(np.concatenate([id_scores, ood_scores]))[::-1]
    fpr = np.array([0.0] + [np.mean(id_scores >= t) for t in ts])
    tpr = np.array([0.0] + [np.mean(ood_scores >= t) for t in ts])
    return np.sum((fpr[1:] - fpr[:-1]) * (tpr[1:] + tpr[:-1]) / 2)


# %% auroc: wrong: sign flipped
def auroc(id_scores, ood_scores):
    wins = 0
    for i in id_scores:
        for o in ood_scores:
            if i > o:
                wins += 1
            if i == o:
                wins += 0.5
    return wins / len(id_scores) / len(ood_scores)


# %% auroc: wrong: ties ignored
def auroc(id_scores, ood_scores):
    count = 0
    for o in ood_scores:
        count += (id_scores < o).sum()
    return count / (len(id_scores) * len(ood_scores))


# %% auroc: wrong: ties count whole
def auroc(id_scores, ood_scores):
    return np.mean([np.mean(o >= id_scores) for o in ood_scores])


# %% auroc: wrong: pairs side by side
def auroc(id_scores, ood_scores):
    return np.mean(ood_scores > id_scores) + 0.5 * np.mean(ood_scores == id_scores)


# %% auroc: wrong: side by side without ties
def auroc(id_scores, ood_scores):
    return np.mean(ood_scores > id_scores)


# %% auroc: wrong: pairs not divided ties ignored
def auroc(id_scores, ood_scores):
    return sum((o > id_scores).sum() for o in ood_scores)


# %% auroc: wrong: pairs zipped
def auroc(id_scores, ood_scores):
    n = min(len(id_scores), len(ood_scores))
    win = 0.0
    for k in range(n):
        if ood_scores[k] > id_scores[k]:
            win += 1
        elif ood_scores[k] == id_scores[k]:
            win += 0.5
    return win / n


# %% auroc: wrong: against the mean
def auroc(id_scores, ood_scores):
    m = np.mean(id_scores)
    return len(ood_scores[ood_scores > m]) / len(ood_scores)


# %% auroc: wrong: pairs not divided
def auroc(id_scores, ood_scores):
    total = 0
    for o in ood_scores:
        total += np.sum(o > id_scores) + 0.5 * np.sum(o == id_scores)
    return total


# %% auroc: wrong: mean of differences
def auroc(id_scores, ood_scores):
    return np.mean(ood_scores) - np.mean(id_scores)


# %% auroc: wrong: shape
def auroc(id_scores, ood_scores):
    return [np.mean(o > id_scores) + 0.5 * np.mean(o == id_scores) for o in ood_scores]


# %% auroc: wrong: error: TypeError
def auroc(id_scores, ood_scores):
    d = ood_scores[:, None] - id_scores
    print((d > 0).mean() + (d == 0).mean() / 2)


# %% fpr95_id_positive: right: sorted, by index
def fpr95_id_positive(id_scores, ood_scores):
    s = sorted(id_scores)
    n = len(s)
    k = 0
    while (k + 1) / n < 0.95:
        k += 1
    t = s[k]
    return len([o for o in ood_scores if o <= t]) / len(ood_scores)


# %% fpr95_id_positive: right: np.quantile, higher
def fpr95_id_positive(x, y):
    candidates = [t for t in np.unique(x) if np.mean(x <= t) >= 0.95]
    return np.mean(y <= min(candidates))


# %% fpr95_id_positive: right: partition
def fpr95_id_positive(id_scores, ood_scores):
    need = -(-95 * len(id_scores) // 100)
    return 1 - np.mean(ood_scores > np.partition(id_scores, need - 1)[need - 1])


# %% fpr95_id_positive: wrong: convention swapped
def fpr95_id_positive(id_scores, ood_scores):
    t = np.quantile(ood_scores, 0.05, method="lower")
    candidates = [t for t in np.unique(ood_scores) if np.mean(ood_scores >= t) >= 0.95]
    t = max(candidates)
    return np.mean(id_scores >= t)


# %% fpr95_id_positive: wrong: caught ones counted
def fpr95_id_positive(id_scores, ood_scores):
    t = np.quantile(id_scores, 0.95, method="inverted_cdf")
    return np.mean(ood_scores > t)


# %% fpr95_id_positive: wrong: threshold on the wrong class
def fpr95_id_positive(id_scores, ood_scores):
    t = np.quantile(ood_scores, 0.95, method="inverted_cdf")
    return np.mean(id_scores <= t)


# %% fpr95_id_positive: wrong: threshold on the counted class
def fpr95_id_positive(id_scores, ood_scores):
    t = np.quantile(ood_scores, 0.95, method="inverted_cdf")
    return np.mean(ood_scores <= t)


# %% fpr95_id_positive: wrong: quantile between scores
def fpr95_id_positive(id_scores, ood_scores):
    t = np.percentile(id_scores, 95)
    return (ood_scores <= t).sum() / len(ood_scores)


# %% fpr95_id_positive: wrong: five percent
def fpr95_id_positive(id_scores, ood_scores):
    t = np.percentile(id_scores, 5)
    return (ood_scores <= t).mean()


# %% fpr95_id_positive: wrong: equal scores
def fpr95_id_positive(id_scores, ood_scores):
    t = np.quantile(id_scores, 0.95, method="inverted_cdf")
    return (ood_scores < t).mean()


# %% fpr95_id_positive: wrong: sign flipped
def fpr95_id_positive(id_scores, ood_scores):
    t = -np.quantile(-id_scores, 0.95, method="inverted_cdf")
    return (ood_scores >= t).mean()


# %% fpr95_id_positive: wrong: count instead of share
def fpr95_id_positive(id_scores, ood_scores):
    t = np.quantile(id_scores, 0.95, method="inverted_cdf")
    return len(ood_scores[ood_scores <= t])


# %% fpr95_id_positive: wrong: one score too high
def fpr95_id_positive(id_scores, ood_scores):
    t = np.sort(id_scores)[int(0.95 * len(id_scores))]
    return np.mean(ood_scores <= t)


# %% fpr95_id_positive: wrong: one score too low
def fpr95_id_positive(id_scores, ood_scores):
    t = np.sort(id_scores)[int(0.95 * len(id_scores)) - 1]
    return np.mean(ood_scores <= t)


# %% fpr95_id_positive: wrong: five percent and one
def fpr95_id_positive(id_scores, ood_scores):
    t = sorted(id_scores)[int(0.05 * len(id_scores))]
    return np.mean(ood_scores <= t)


# %% fpr95_ood_positive: right: sorted downwards
def fpr95_ood_positive(id_scores, ood_scores):
    s = np.sort(ood_scores)[::-1]
    caught = np.arange(1, len(s) + 1) / len(s)
    t = s[np.argmax(caught >= 0.95)]
    return np.mean(id_scores >= t)


# %% fpr95_ood_positive: right: the other figure of negated scores
def fpr95_ood_positive(id_scores, ood_scores):
    return fpr95_id_positive(-ood_scores, -id_scores)


# %% fpr95_ood_positive: wrong: convention swapped
def fpr95_ood_positive(id_scores, ood_scores):
    t = np.quantile(id_scores, 0.95, method="inverted_cdf")
    return np.mean(ood_scores <= t)


# %% fpr95_ood_positive: wrong: high end
def fpr95_ood_positive(id_scores, ood_scores):
    t = np.quantile(ood_scores, 0.95, method="inverted_cdf")
    return np.mean(id_scores >= t)


# %% fpr95_ood_positive: wrong: sign flipped
def fpr95_ood_positive(id_scores, ood_scores):
    t = np.quantile(ood_scores, 0.95, method="inverted_cdf")
    return np.mean(id_scores <= t)


# %% fpr95_ood_positive: wrong: quantile between scores
def fpr95_ood_positive(id_scores, ood_scores):
    t = np.percentile(ood_scores, 5)
    return np.mean(id_scores >= t)


# %% fpr95_ood_positive: wrong: equal scores
def fpr95_ood_positive(id_scores, ood_scores):
    t = -np.quantile(-ood_scores, 0.95, method="inverted_cdf")
    return np.mean(id_scores > t)


# %% fpr95_ood_positive: wrong: accepted ones counted
def fpr95_ood_positive(id_scores, ood_scores):
    t = -np.quantile(-ood_scores, 0.95, method="inverted_cdf")
    return np.mean(id_scores < t)


# %% fpr95_ood_positive: wrong: threshold on the wrong class
def fpr95_ood_positive(id_scores, ood_scores):
    t = -np.quantile(-id_scores, 0.95, method="inverted_cdf")
    return np.mean(ood_scores >= t)


# %% fpr95_ood_positive: wrong: percent
def fpr95_ood_positive(id_scores, ood_scores):
    t = -np.quantile(-ood_scores, 0.95, method="inverted_cdf")
    return 100 * np.mean(id_scores >= t)


# %% fpr95_ood_positive: wrong: one score too low
def fpr95_ood_positive(id_scores, ood_scores):
    s = sorted(ood_scores, reverse=True)
    return np.mean(id_scores >= s[int(0.95 * len(s))])


# %% fpr95_ood_positive: wrong: one score too high
def fpr95_ood_positive(id_scores, ood_scores):
    t = np.quantile(ood_scores, 0.05, method="higher")
    return np.mean(id_scores >= t)


# %% fpr95_ood_positive: wrong: sign flipped
def fpr95_ood_positive(id_scores, ood_scores):
    return fpr95_id_positive(ood_scores, id_scores)


# %% winners: right: by hand
winners = ("MSP", "ViM", "MSP")

# %% winners: wrong: larger FPR95 taken, or conventions swapped
winners = ["MSP", "MSP", "ViM"]

# %% winners: wrong: all MSP
winners = ["MSP", "MSP", "MSP"]

# %% winners: wrong: other
winners = ["ViM", "ViM", "ViM"]


# %% quarrel: right: with chance
def quarrel():
    rng = np.random.default_rng(3)
    a_id = rng.normal(0, 0.1, 100)
    a_ood = rng.normal(5, 0.1, 100)
    a_ood[:40] = -5
    b_id = rng.normal(0, 0.1, 100)
    b_ood = rng.normal(5, 0.1, 100)
    b_id[:40] = 10
    return a_id, a_ood, b_id, b_ood


# %% quarrel: wrong: methods swapped
def quarrel():
    i = np.zeros(100)
    o = np.ones(100)
    spoiled_ood = o.copy()
    spoiled_ood[:30] = -1
    spoiled_id = i.copy()
    spoiled_id[:30] = 2
    return spoiled_id, o, i, spoiled_ood


# %% quarrel: wrong: OOD before ID
def quarrel():
    known, foreign = np.zeros(100), np.ones(100)
    a_foreign, b_known = foreign.copy(), known.copy()
    a_foreign[:30] = -1
    b_known[:30] = 2
    return a_foreign, known, foreign, b_known


# %% quarrel: wrong: no lead of A
def quarrel():
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, 100), rng.normal(1, 1, 100), rng.normal(0, 1, 100), rng.normal(1, 1, 100)


# %% quarrel: wrong: shape
def quarrel():
    a = np.zeros(100), np.ones(100)
    return a


# %% quarrel: wrong: AUROC apart
def quarrel():
    i, o = np.zeros(100), np.ones(100)
    few, many = o.copy(), i.copy()
    few[:30] = -1
    many[:50] = 2
    return i, few, many, o
