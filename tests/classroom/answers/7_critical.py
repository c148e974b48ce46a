# Answers as students give them; see exercises/README.md.


# %% paired_differences: right: two loops
def paired_differences(our_seeds, our_figures, their_seeds, their_figures):
    out = []
    for s in sorted(our_seeds):
        for i in range(len(our_seeds)):
            for j in range(len(their_seeds)):
                if our_seeds[i] == s and their_seeds[j] == s:
                    out.append(our_figures[i] - their_figures[j])
    return out


# %% paired_differences: right: intersect1d
def paired_differences(a, x, b, y):
    _, i, j = np.intersect1d(a, b, return_indices=True)
    return x[i] - y[j]


# %% paired_differences: wrong: sign flipped
def paired_differences(a, x, b, y):
    _, i, j = np.intersect1d(a, b, return_indices=True)
    return y[j] - x[i]


# %% paired_differences: wrong: paired by place
def paired_differences(a, x, b, y):
    return np.array([p - q for p, q in zip(x, y)])


# %% paired_differences: wrong: subtracted as they are
def paired_differences(our_seeds, our_figures, their_seeds, their_figures):
    return our_figures - their_figures


# %% paired_differences: wrong: sorted then by place
def paired_differences(a, x, b, y):
    x = [v for _, v in sorted(zip(a, x))]
    y = [v for _, v in sorted(zip(b, y))]
    return np.array([p - q for p, q in zip(x, y)])


# %% paired_differences: wrong: not sorted
def paired_differences(a, x, b, y):
    theirs = {s: v for s, v in zip(b, y)}
    return np.array([v - theirs[s] for s, v in zip(a, x) if s in theirs])


# %% paired_differences: wrong: each in its own order
def paired_differences(a, x, b, y):
    both = np.intersect1d(a, b)
    return x[np.isin(a, both)] - y[np.isin(b, both)]


# %% interval: right: by hand
def interval(differences):
    n = len(differences)
    m = sum(differences) / n
    s = (sum((d - m) ** 2 for d in differences) / (n - 1)) ** 0.5
    e = T[n - 1] * s / n**0.5
    return [m - e, m + e]


# %% interval: right: with a table of its own, rounded
def interval(d):
    table = {1: 12.706, 2: 4.303, 4: 2.776, 11: 2.201, 24: 2.064}
    d = np.asarray(d)
    t = table.get(len(d) - 1, T[len(d) - 1])
    se = np.std(d, ddof=1) / np.sqrt(d.size)
    return np.array([-1, 1]) * t * se + d.mean()


# %% interval: wrong: n in the denominator
def interval(differences):
    d = np.array(differences)
    e = T[len(d) - 1] * d.std() / np.sqrt(len(d))
    return d.mean() - e, d.mean() + e


# %% interval: wrong: root of n forgotten
def interval(differences):
    d = np.array(differences)
    e = T[len(d) - 1] * d.std(ddof=1)
    return d.mean() - e, d.mean() + e


# %% interval: wrong: factor of the normal
def interval(differences):
    d = np.array(differences)
    e = 1.96 * d.std(ddof=1) / len(d) ** 0.5
    return d.mean() - e, d.mean() + e


# %% interval: wrong: degrees of freedom
def interval(differences):
    n = len(differences)
    e = T[n] * np.std(differences, ddof=1) / np.sqrt(n)
    return np.mean(differences) - e, np.mean(differences) + e


# %% interval: wrong: n less one twice
def interval(differences):
    n = len(differences)
    e = T[n - 1] * np.std(differences, ddof=1) / (n - 1) ** 0.5
    return np.mean(differences) - e, np.mean(differences) + e


# %% interval: wrong: variance
def interval(differences):
    n = len(differences)
    m = sum(differences) / n
    s = sum((d - m) ** 2 for d in differences) / (n - 1)
    return m - T[n - 1] * s / np.sqrt(n), m + T[n - 1] * s / np.sqrt(n)


# %% interval: wrong: n in both places
def interval(differences):
    d = np.array(differences)
    e = T[len(d)] * d.std() / np.sqrt(len(d))
    return d.mean() - e, d.mean() + e


# %% interval: wrong: percentiles
def interval(differences):
    return np.quantile(differences, 0.025), np.quantile(differences, 0.975)


# %% interval: wrong: standard error
def interval(differences):
    e = np.std(differences, ddof=1) / np.sqrt(len(differences))
    return np.mean(differences) - e, np.mean(differences) + e


# %% interval: wrong: mean and half
def interval(differences):
    n = len(differences)
    return np.mean(differences), T[n - 1] * np.std(differences, ddof=1) / np.sqrt(n)


# %% verdict: right: with ifs
def verdict(differences):
    if len(differences) in (0, 1, 2):
        return "Too few"
    ends = interval(differences)
    if ends[0] > 0 and ends[1] > 0:
        return "yes"
    if ends[0] < 0 and ends[1] < 0:
        return "no"
    return "unclear"


# %% verdict: wrong: sign of the mean
def verdict(differences):
    if len(differences) < 3:
        return "too few"
    if np.mean(differences) > 0:
        return "yes"
    return "no"


# %% verdict: wrong: unclear is no
def verdict(differences):
    if len(differences) < 3:
        return "too few"
    low, high = interval(differences)
    return "yes" if low > 0 else "no"


# %% verdict: wrong: two are enough
def verdict(differences):
    if len(differences) < 2:
        return "too few"
    low, high = interval(differences)
    if low > 0:
        return "yes"
    return "no" if high < 0 else "unclear"


# %% verdict: wrong: never too few
def verdict(differences):
    low, high = interval(differences)
    if low > 0:
        return "yes"
    if high < 0:
        return "no"
    return "unclear"


# %% verdict: wrong: all on one side
def verdict(differences):
    if len(differences) < 3:
        return "too few"
    if np.all(np.array(differences) > 0):
        return "yes"
    if np.all(np.array(differences) < 0):
        return "no"
    return "unclear"


# %% by_chance: right: loops
n = 0
for s in range(4):
    for i in range(5):
        for j in range(5):
            if i != j and data["none"][i, s] - data["none"][j, s] >= 0.6:
                n += 1
by_chance = n / 80

# %% by_chance: wrong: either sign
d = []
for i in range(5):
    for j in range(5):
        if i != j:
            d.append(np.abs(data["none"][i] - data["none"][j]))
by_chance = np.mean(np.array(d) >= 0.6)

# %% by_chance: wrong: pairs with itself
d = data["none"][:, None] - data["none"][None]
by_chance = np.mean(d >= 0.6)

# %% by_chance: wrong: sets averaged, or points taken for shares
d = [data["none"][i] - data["none"][j] for i in range(5) for j in range(5) if i != j]
by_chance = np.mean(np.array(d) >= 0.006)

# %% by_chance: wrong: count instead of share
d = [data["none"][i] - data["none"][j] for i in range(5) for j in range(5) if i != j]
by_chance = np.sum(np.array(d) >= 0.6)

# %% by_chance: wrong: later minus earlier
d = [data["none"][j] - data["none"][i] for i in range(5) for j in range(i + 1, 5)]
by_chance = np.mean(np.array(d) >= 0.6)


# %% by_chance: wrong: sets averaged, or points taken for shares
means = data["none"].mean(axis=1)
by_chance = sum(a - b >= 0.6 for a in means for b in means) / 20

# %% by_chance: wrong: earlier minus later, or one set
first = data["none"][:, 0]
by_chance = np.sum(first[:, None] - first >= 0.6) / 20

# %% by_chance: wrong: per cent
d = [data["none"][i] - data["none"][j] for i in range(5) for j in range(5) if i != j]
by_chance = 100 * np.mean(np.array(d) >= 0.6)


# %% some_clear: right: simulated, exactly enough
def some_clear(n, level):
    none = 1.0
    for _ in range(n):
        none *= 1 - level
    return 1 - none


# %% some_clear: wrong: expected number
def some_clear(n, level):
    return level * n


# %% some_clear: wrong: none clear
def some_clear(n, level):
    return (1 - level) ** n


# %% some_clear: wrong: all clear
def some_clear(n, level):
    return level**n


# %% some_clear: wrong: expected number cut off
def some_clear(n, level):
    return min(1, level * n)


# %% holm: right: a loop
def holm(p):
    m = len(p)
    out = [0] * m
    last = 0
    for k, i in enumerate(sorted(range(m), key=lambda i: p[i])):
        last = max(last, min(1, (m - k) * p[i]))
        out[i] = last
    return out


# %% holm: right: pairs of all with all
def holm(p):
    p = np.asarray(p)
    return np.array([min(1, max(q * np.sum(p >= q) for q in p if q <= own)) for own in p])


# %% holm: wrong: bonferroni
def holm(p):
    return np.clip(len(p) * p, 0, 1)


# %% holm: wrong: left sorted
def holm(p):
    s = np.sort(p)
    c = np.maximum.accumulate(s * np.arange(len(s), 0, -1))
    return np.minimum(c, 1)


# %% holm: wrong: may fall
def holm(p):
    m = len(p)
    out = np.zeros(m)
    for k, i in enumerate(np.argsort(p)):
        out[i] = min(1, p[i] * (m - k))
    return out


# %% holm: wrong: left sorted may fall
def holm(p):
    m = len(p)
    return np.array([min(1, v * (m - k)) for k, v in enumerate(sorted(p))])


# %% holm: wrong: places for ranks
def holm(p):
    rank = np.argsort(p)
    return np.clip(p * (len(p) - rank), 0, 1)


# %% holm: wrong: above one
def holm(p):
    m = len(p)
    out = np.zeros(m)
    top = 0
    for k, i in enumerate(np.argsort(p)):
        top = max(top, p[i] * (m - k))
        out[i] = top
    return out


# %% holm: wrong: factors reversed
def holm(p):
    m = len(p)
    out = np.zeros(m)
    top = 0
    for k, i in enumerate(np.argsort(p)):
        top = max(top, p[i] * (k + 1))
        out[i] = min(1, top)
    return out


# %% holm: wrong: put back wrongly
def holm(p):
    order = np.argsort(p)
    c = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(c, 1)[order]


# %% how_many: right: as floats
corrected = np.array(holm(data["p"].flatten()))
how_many = np.array([np.sum(data["p"] < 0.05), np.sum(corrected < 0.05), np.sum(corrected < 0.1)], float)

# %% how_many: wrong: corrected set by set
by_set = np.stack([holm(data["p"][:, s]) for s in range(4)])
how_many = [(data["p"] < 0.05).sum(), (by_set < 0.05).sum(), (by_set < 0.1).sum()]

# %% how_many: wrong: corrected setting by setting
by_setting = np.concatenate([holm(row) for row in data["p"]])
how_many = [(data["p"] < 0.05).sum(), (by_setting < 0.05).sum(), (by_setting < 0.1).sum()]

# %% how_many: wrong: Bonferroni
p = data["p"].ravel()
how_many = [sum(p < 0.05), sum(20 * p < 0.05), sum(20 * p < 0.1)]

# %% how_many: wrong: another order
p, c = data["p"].ravel(), holm(data["p"].ravel())
how_many = [sum(c < 0.05), sum(p < 0.05), sum(c < 0.1)]

# %% how_many: wrong: other
how_many = sum(data["p"].ravel() < 0.05)

# %% how_many: wrong: other
how_many = [1, 1, 1]

# %% over_control: right: in one line
over_control = interval([a - b for a, b in zip(data["cam_threshold"][:, 0], data["all"][:, 0])])

# %% over_control: wrong: over none
over_control = interval(data["cam_threshold"][:, 0] - data["none"][:, 0])

# %% over_control: wrong: sign flipped
over_control = interval(data["all"][:, 0] - data["cam_threshold"][:, 0])

# %% over_control: wrong: not paired
a, b = data["cam_threshold"][:, 0], data["all"][:, 0]
e = T[8] * np.sqrt(a.var(ddof=1) / 5 + b.var(ddof=1) / 5)
over_control = a.mean() - b.mean() - e, a.mean() - b.mean() + e

# %% over_control: wrong: mean of four sets
over_control = interval((data["cam_threshold"] - data["all"]).mean(axis=1))

# %% over_control: wrong: over all strong
over_control = interval(data["cam_threshold"][:, 0] - data["all_strong"][:, 0])

# %% believable: right: small letter
believable = "d"

# %% believable: wrong: believes A
believable = "A"

# %% believable: wrong: believes C
believable = "C"

# %% believable: wrong: other
believable = "D, and C"
