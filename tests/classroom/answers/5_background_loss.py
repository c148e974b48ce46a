"""Answers to exercise 5 as students would give them."""


# %% lengths: right: torch's own norm
def lengths(feature_map):
    return torch.linalg.vector_norm(feature_map, dim=1)


# %% lengths: right: clamped
def lengths(fmap):
    return (fmap * fmap).sum(dim=1).clamp(min=1e-12) ** 0.5


# %% lengths: right: channel by channel
def lengths(feature_map):
    total = 1e-14
    for channel in range(feature_map.shape[1]):
        total = total + feature_map[:, channel] ** 2
    return torch.sqrt(total)


# %% lengths: right: einsum
def lengths(feature_map):
    return torch.sqrt(torch.einsum("bchw,bchw->bhw", feature_map, feature_map) + 1e-10)


# %% lengths: wrong: nan at zero
def lengths(feature_map):
    return torch.sqrt(torch.sum(feature_map**2, dim=1))


# %% lengths: wrong: over columns
def lengths(feature_map):
    return feature_map.norm(dim=3)


# %% lengths: wrong: one a channel
def lengths(feature_map):
    return feature_map.flatten(2).norm(dim=2)


# %% lengths: wrong: one an image
def lengths(feature_map):
    return torch.stack([image.norm() for image in feature_map])


# %% lengths: wrong: squared
def lengths(feature_map):
    return (feature_map**2).sum(1)


# %% lengths: wrong: detached
def lengths(feature_map):
    with torch.no_grad():
        return feature_map.norm(dim=1)


# %% lengths: wrong: sum of absolutes
def lengths(feature_map):
    return torch.norm(feature_map, p=1, dim=1)


# %% background: right: image by image
def background(feature_map, labels, head):
    result = []
    for one, label in zip(feature_map, labels):
        values = head(one.movedim(0, -1))[..., label]
        middle = (values.min() + values.max()) / 2
        result.append(values <= middle)
    return torch.stack(result)


# %% background: right: gather and a map from 0 to 1
def background(feature_map, labels, head):
    logits = head(feature_map.movedim(1, 3))
    index = labels.reshape(-1, 1, 1, 1).expand(*logits.shape[:3], 1)
    cam = logits.gather(3, index).squeeze(3).flatten(1)
    cam = cam - cam.min(1, keepdim=True).values
    cam = cam / cam.max(1, keepdim=True).values
    return (cam <= 0.5).reshape(feature_map.shape[0], *feature_map.shape[2:])


# %% background: right: weights of the class, by einsum
def background(feature_map, labels, head):
    cam = torch.einsum("bchw,bc->bhw", feature_map, head.weight[labels]) + head.bias[labels, None, None]
    return 2 * cam <= cam.amax((1, 2), keepdim=True) + cam.amin((1, 2), keepdim=True)


# %% background: wrong: upper half
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return (a - low) / (high - low) > 0.5


# %% background: wrong: range of the batch
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    return a <= (a.min() + a.max()) / 2


# %% background: wrong: half of the largest
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    return a <= a.flatten(1).max(1).values.reshape(-1, 1, 1) / 2


# %% background: wrong: likeliest class
def background(feature_map, labels, head):
    a = head(feature_map.permute(0, 2, 3, 1)).max(dim=-1).values
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return a <= (low + high) / 2


# %% background: wrong: probability
def background(feature_map, labels, head):
    p = F.softmax(head(feature_map.permute(0, 2, 3, 1)), dim=-1)
    a = torch.stack([p[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return a <= (low + high) / 2


# %% background: wrong: error: RuntimeError
def background(feature_map, labels, head):
    logits = head(feature_map)
    return logits.amax(-1) < 0.5


# %% background: wrong: below the mean
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    return a < a.mean(dim=(1, 2), keepdim=True)


# %% background: wrong: reshaped
def background(feature_map, labels, head):
    b, c, h, w = feature_map.shape
    logits = head(feature_map.contiguous().view(b, h, w, c))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return a <= (low + high) / 2


# %% background: wrong: half of the width
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return a <= (high - low) / 2


# %% background: wrong: middle left out
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return (a - low) / (high - low) < 0.5


# %% background: wrong: predicted class
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    guessed = logits.mean((1, 2)).argmax(-1)
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(guessed)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return a <= (low + high) / 2


# %% background: wrong: labels of all images for each
def background(feature_map, labels, head):
    a = head(feature_map.permute(0, 2, 3, 1))[..., labels]
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return a <= (low + high) / 2


# %% background: wrong: error: NoBooleans
def background(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return (a <= (low + high) / 2).float()


# %% background_loss: right: masked sum
def background_loss(feature_map, labels, head):
    chosen = background(feature_map.detach(), labels, head).float()
    return (lengths(feature_map) * chosen).sum() / chosen.sum()


# %% background_loss: right: image by image
def background_loss(feature_map, labels, head):
    chosen = background(feature_map, labels, head)
    total, n = 0, 0
    for picture, mask in zip(lengths(feature_map), chosen):
        total = total + picture[mask].sum()
        n += int(mask.sum())
    return total / n


# %% background_loss: wrong: mean before norm
def background_loss(feature_map, labels, head):
    chosen = background(feature_map, labels, head)
    cells = feature_map.permute(0, 2, 3, 1)[chosen]
    return cells.mean(dim=0).norm()


# %% background_loss: wrong: divided by all cells
def background_loss(feature_map, labels, head):
    chosen = background(feature_map, labels, head)
    return torch.where(chosen, lengths(feature_map), torch.zeros(())).mean()


# %% background_loss: wrong: sum of lengths
def background_loss(feature_map, labels, head):
    return (lengths(feature_map) * background(feature_map, labels, head)).sum()


# %% background_loss: wrong: gradient through the choice
def background_loss(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    how_much = 1 - (a - low) / (high - low)
    return (how_much * lengths(feature_map)).sum() / how_much.sum()


# %% background_loss: wrong: gradient through the choice
def background_loss(feature_map, labels, head):
    logits = head(feature_map.permute(0, 2, 3, 1))
    a = torch.stack([logits[i, :, :, c] for i, c in enumerate(labels)])
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    how_much = torch.sigmoid(10 * (0.5 - (a - low) / (high - low)))
    return (how_much * lengths(feature_map)).sum() / how_much.sum()


# %% background_loss: wrong: nothing learned
def background_loss(feature_map, labels, head):
    with torch.no_grad():
        chosen = background(feature_map, labels, head)
        return lengths(feature_map)[chosen].mean()


# %% background_loss: wrong: mean of means
def background_loss(feature_map, labels, head):
    chosen = background(feature_map, labels, head)
    return torch.stack([a[b].mean() for a, b in zip(lengths(feature_map), chosen)]).mean()


# %% background_loss: wrong: the others
def background_loss(feature_map, labels, head):
    return lengths(feature_map)[~background(feature_map, labels, head)].mean()


# %% background_loss: wrong: nan at zero
def background_loss(feature_map, labels, head):
    chosen = background(feature_map, labels, head)
    return (feature_map**2).sum(1).sqrt()[chosen].mean()


# %% background_loss: wrong: error: NoGradient
def background_loss(feature_map, labels, head):
    chosen = background(feature_map, labels, head)
    return lengths(feature_map)[chosen].mean().item()


# %% train_step: right: the network's own pieces, no helper
def train_step(network, optimizer, images, labels, weight, background_loss):
    for parameter in network.parameters():
        parameter.grad = None
    m = network.feature_map(images)
    logits = network.head(m.flatten(2).mean(-1))
    (F.cross_entropy(logits, labels) + weight * background_loss(m, labels, network.head)).backward()
    optimizer.step()


# %% train_step: right: logits of all cells, averaged; two backward calls
def train_step(network, optimizer, images, labels, weight, background_loss):
    network.train()
    optimizer.zero_grad()
    m = network.feature_map(images)
    logits = network.head(m.permute(0, 2, 3, 1)).mean((1, 2))
    F.nll_loss(logits.log_softmax(-1), labels).backward(retain_graph=True)
    (weight * background_loss(m, labels, network.head)).backward()
    optimizer.step()


# %% train_step: wrong: gradients pile up
def train_step(network, optimizer, images, labels, weight, background_loss):
    m = network.feature_map(images)
    loss = F.cross_entropy(network.head(network.pool(m)), labels)
    loss = loss + weight * background_loss(m, labels, network.head)
    loss.backward()
    optimizer.step()


# %% train_step: wrong: no step
def train_step(network, optimizer, images, labels, weight, background_loss):
    optimizer.zero_grad()
    m = network.feature_map(images)
    loss = F.cross_entropy(network.head(network.pool(m)), labels)
    loss = loss + weight * background_loss(m, labels, network.head)
    loss.backward()
    return loss


# %% train_step: wrong: weight ignored
def train_step(network, optimizer, images, labels, weight, background_loss):
    optimizer.zero_grad()
    m = network.feature_map(images)
    loss = F.cross_entropy(network.head(network.pool(m)), labels) + background_loss(m, labels, network.head)
    loss.backward()
    optimizer.step()


# %% train_step: wrong: without the background loss
def train_step(network, optimizer, images, labels, weight, background_loss):
    optimizer.zero_grad()
    F.cross_entropy(network.head(network.pool(network.feature_map(images))), labels).backward()
    optimizer.step()


# %% train_step: wrong: softmax twice
def train_step(network, optimizer, images, labels, weight, background_loss):
    optimizer.zero_grad()
    m = network.feature_map(images)
    p = torch.softmax(network.head(network.pool(m)), dim=1)
    (F.cross_entropy(p, labels) + weight * background_loss(m, labels, network.head)).backward()
    optimizer.step()


# %% train_step: wrong: pooled features
def train_step(network, optimizer, images, labels, weight, background_loss):
    optimizer.zero_grad()
    z = network.pool(network.feature_map(images))
    (F.cross_entropy(network.head(z), labels) + weight * background_loss(z, labels, network.head)).backward()
    optimizer.step()


# %% train_step: wrong: error: RuntimeError
def train_step(network, optimizer, images, labels, weight, background_loss):
    optimizer.zero_grad()
    m = network.feature_map(images)
    (F.cross_entropy(network.head(m), labels) + weight * background_loss(m, labels, network.head)).backward()
    optimizer.step()


# %% ruin: right: only the first half
def ruin(step, steps):
    return 0.5 if step < steps // 2 else 0


# %% ruin: wrong: not ruined
def ruin(step, steps):
    return 0.3 if step > steps / 3 else 0


# %% ruin: wrong: not ruined
def ruin(step, steps):
    return 0.5 * step / steps


# %% ruin: wrong: not ruined
def ruin(step, steps):
    return 0.5 if step < 10 else 0


# %% ruin: wrong: too heavy
def ruin(step, steps):
    return 10


# %% ruin: wrong: no weight
def ruin(step, steps):
    return -0.5


# %% mend: right: a ramp
def mend(step, steps):
    return 0.45 * step / steps


# %% mend: right: late
def mend(step, steps):
    return 0.35 * (step > steps / 2)


# %% mend: wrong: without the loss
def mend(step, steps):
    return 0.0


# %% mend: wrong: too heavy
def mend(step, steps):
    return 5.0 if step >= 0.75 * steps else 0.0


# %% mend: wrong: too light at the end
def mend(step, steps):
    return 0.3 if step < steps / 2 else 0.0


# %% mend: wrong: still ruined
def mend(step, steps):
    return 0.5


# %% mend: wrong: too light at the end
def mend(step, steps):
    return 0.05


# %% mend: wrong: too light at the end
def mend(step, steps):
    return 0.5 * (1 - step / steps)


# %% mend: wrong: error: UnboundLocalError
def mend(step, steps):
    if step > 0.3 * steps:
        weight = 0.3
    return weight
