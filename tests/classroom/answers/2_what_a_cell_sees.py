"""Answers to exercise 2 as students would give them."""


# %% field: right: backwards
def field(layers):
    side = 1
    for kernel, stride, _padding in reversed(list(layers)):
        side = (side - 1) * stride + kernel
    return side


# %% field: right: cumulative product
def field(layers):
    k, s = np.asarray(layers)[:, 0], np.asarray(layers)[:, 1]
    before = np.concatenate([[1], np.cumprod(s)[:-1]])
    return 1 + np.sum((k - 1) * before)


# %% field: wrong: own stride counted
def field(layers):
    k, s = layers[:, 0], layers[:, 1]
    return 1 + ((k - 1) * np.cumprod(s)).sum()


# %% field: wrong: strides left out
def field(layers):
    r = 1
    for k, _s, _p in layers:
        r = r + k - 1
    return r


# %% field: wrong: whole kernels
def field(layers):
    r, jump = 1, 1
    for k, s, _p in layers:
        r += k * jump
        jump *= s
    return r


# %% field: wrong: last stride only
def field(layers):
    r, before = 1, 1
    for k, s, _p in layers:
        r += (k - 1) * before
        before = s
    return r


# %% field: wrong: without the first pixel
def field(layers):
    r, jump = 0, 1
    for k, s, _p in layers:
        r += (k - 1) * jump
        jump *= s
    return r


# %% span: right: offsets added up
def span(index, layers, side=32):
    step, offset, size = 1, 0, 1
    for kernel, stride, padding in layers:
        offset += padding * step
        size += (kernel - 1) * step
        step *= stride
    start = index * step - offset
    return [max(start, 0), min(start + size, side) - 1]


# %% span: right: set of pixels
def span(index, layers, side=32):
    seen = {int(index)}
    for kernel, stride, padding in layers[::-1]:
        seen = {i * stride - padding + k for i in seen for k in range(kernel)}
    seen = [i for i in seen if 0 <= i < side]
    return min(seen), max(seen)


# %% span: wrong: not clipped
def span(index, layers, side=32):
    low = high = index
    for kernel, stride, padding in layers[::-1]:
        low, high = low * stride - padding, high * stride - padding + kernel - 1
    return low, high


# %% span: wrong: padding left out
def span(index, layers, side=32):
    low = high = index
    for kernel, stride, _padding in layers[::-1]:
        low, high = low * stride, high * stride + kernel - 1
    return max(low, 0), min(high, side - 1)


# %% span: wrong: wrong way round
def span(index, layers, side=32):
    low = high = index
    for kernel, stride, padding in layers:
        low, high = low * stride - padding, high * stride - padding + kernel - 1
    return max(low, 0), min(high, side - 1)


# %% span: wrong: own block
def span(index, layers, side=32):
    block = layers[:, 1].prod()
    return index * block, (index + 1) * block - 1


# %% span: wrong: one too far
def span(index, layers, side=32):
    low, high = index, index + 1
    for kernel, stride, padding in layers[::-1]:
        low, high = low * stride - padding, (high - 1) * stride - padding + kernel
    return max(low, 0), min(high, side)


# %% reached: right: backward call
def reached(network, images, row, column):
    x = images.detach().clone()
    x.requires_grad = True
    network.feature_map(x)[..., row, column].sum().backward()
    return (x.grad != 0).any(0).any(0)


# %% reached: right: NumPy at the end
def reached(network, images, row, column):
    images.requires_grad_(True)
    out = network.feature_map(images)[:, :, row, column].sum()
    grad = torch.autograd.grad(out, images)[0].numpy()
    return np.abs(grad).max(axis=(0, 1)) > 0


# %% reached: right: changes a pixel, looks at the cell
def reached(network, images, row, column):
    with torch.no_grad():
        before = network.feature_map(images)[:, :, row, column]
        height, width = images.shape[2:]
        answer = np.zeros((height, width), bool)
        for i in range(height):
            for j in range(width):
                changed = images.clone()
                changed[:, :, i, j] += 10
                answer[i, j] = bool((network.feature_map(changed)[:, :, row, column] != before).any())
    return answer


# %% reached: wrong: whole map
def reached(network, images, row, column):
    x = images.clone().requires_grad_()
    network.feature_map(x).sum().backward()
    return x.grad.abs().sum((0, 1)) > 0


# %% reached: wrong: transposed
def reached(network, images, row, column):
    x = images.clone().requires_grad_()
    network.feature_map(x)[:, :, column, row].sum().backward()
    return x.grad.abs().sum((0, 1)) > 0


# %% reached: wrong: each image
def reached(network, images, row, column):
    x = images.clone().requires_grad_()
    network.feature_map(x)[:, :, row, column].sum().backward()
    return x.grad.abs() > 0


# %% reached: wrong: error: RuntimeError
def reached(network, images, row, column):
    x = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network.feature_map(x)[:, :, row, column], x)
    return gradient.abs().sum((0, 1)) > 0


# %% cosine: right: units
def cosine(a, b):
    out = []
    for x, y in zip(a, b):
        if not x.any() or not y.any():
            out.append(float("nan"))
        else:
            out.append(float((x / np.sqrt(x @ x)) @ (y / np.sqrt(y @ y))))
    return out


# %% cosine: right: einsum
def cosine(a, b):
    dot = np.einsum("nc,nc->n", a, b)
    size = np.sqrt(np.einsum("nc,nc->n", a, a) * np.einsum("nc,nc->n", b, b))
    return np.where(size > 0, dot / np.where(size > 0, size, 1), np.nan)


# %% cosine: wrong: zero at zero
def cosine(a, b):
    return torch.nn.functional.cosine_similarity(torch.as_tensor(a), torch.as_tensor(b), dim=-1)


# %% cosine: wrong: dot product
def cosine(a, b):
    return np.einsum("nc,nc->n", a, b)


# %% cosine: wrong: every pair
def cosine(a, b):
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return np.dot(a, b.T)


# %% cosine: wrong: all together
def cosine(a, b):
    return np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b))


# %% cosine: wrong: squared lengths
def cosine(a, b):
    return (a * b).sum(1) / ((a**2).sum(1) * (b**2).sum(1))


# %% crop: right: from the middle
def crop(images, row, column, margin, block=4):
    rows = np.arange((row - margin) * block, (row + margin + 1) * block)
    columns = np.arange((column - margin) * block, (column + margin + 1) * block)
    return images[..., rows[:, None], columns]


# %% crop: right: as a tensor
def crop(images, row, column, margin, block=4):
    side = (2 * margin + 1) * block
    return torch.as_tensor(images).narrow(2, (row - margin) * block, side).narrow(3, (column - margin) * block, side)


# %% crop: wrong: rows and columns swapped
def crop(images, row, column, margin, block=4):
    x, y, n = (row - margin) * block, (column - margin) * block, (2 * margin + 1) * block
    return images[:, :, y : y + n, x : x + n]


# %% crop: wrong: margin in pixels
def crop(images, row, column, margin, block=4):
    y, x = row * block, column * block
    return images[:, :, y - margin : y + block + margin, x - margin : x + block + margin]


# %% crop: wrong: own block missing
def crop(images, row, column, margin, block=4):
    return images[
        :, :, (row - margin) * block : (row + margin) * block, (column - margin) * block : (column + margin) * block
    ]


# %% crop: wrong: cells for pixels
def crop(images, row, column, margin, block=4):
    return images[:, :, row - margin : row + margin + 1, column - margin : column + margin + 1]


# %% keep: right: with a mask
def keep(images, others, row, column, margin, block=4):
    inside = np.zeros(images.shape[2:], bool)
    inside[
        (row - margin) * block : (row + margin + 1) * block, (column - margin) * block : (column + margin + 1) * block
    ] = True
    return np.where(inside, images, others)


# %% keep: right: by kron
def keep(images, others, row, column, margin, block=4):
    cells = np.zeros([n // block for n in images.shape[2:]], images.dtype)
    cells[row - margin : row + margin + 1, column - margin : column + margin + 1] = 1
    pixels = np.kron(cells, np.ones((block, block), images.dtype))
    return images * pixels + others * (1 - pixels)


# %% keep: wrong: square swapped
def keep(images, others, row, column, margin, block=4):
    new = images.copy()
    a, b, n = (row - margin) * block, (column - margin) * block, (2 * margin + 1) * block
    new[:, :, a : a + n, b : b + n] = others[:, :, a : a + n, b : b + n]
    return new


# %% keep: wrong: black around
def keep(images, others, row, column, margin, block=4):
    new = images * 0
    a, b, n = (row - margin) * block, (column - margin) * block, (2 * margin + 1) * block
    new[:, :, a : a + n, b : b + n] = images[:, :, a : a + n, b : b + n]
    return new


# %% keep: wrong: square alone
def keep(images, others, row, column, margin, block=4):
    return crop(images, row, column, margin, block)


# %% similar: right: rounded
similar = [0.3, 0.19, 0.4]

# %% similar: wrong: swapped instead of kept
similar = [0.30, 0.19, 0.82]

# %% similar: wrong: order
similar = [0.19, 0.30, 0.40]

# %% similar: wrong: other
similar = [1.0, 0.2, 0.4]
