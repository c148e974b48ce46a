"""What a cell sees: what is asked, and how it goes wrong."""

import numpy as np
import torch

from bgood_lib.classroom import Exercise

exercise = Exercise(
    title="What a cell sees",
    goal="compute how far a cell of a feature map can look, and measure how far it does",
    chapter="book/results/scenes/cells",
    minutes=45,
    needs="bgood",
)

OURS = [(3, 1, 1), (3, 2, 1), (3, 1, 1), (3, 2, 1), (3, 1, 1)]  # kernel, stride, padding


def networks(rng):
    """Lists of layers; some with large kernels, strides, without padding, of one layer."""
    fixed = (
        [(3, 1, 1), (3, 2, 1), (3, 1, 1)],
        [(5, 2, 2), (3, 2, 1), (3, 1, 0)],
        [(7, 1, 3)],
        [(1, 2, 0), (3, 3, 1), (5, 1, 2), (1, 1, 0), (3, 2, 1)],
    )
    for layers in fixed:
        yield (np.array(layers),)
    kernels = rng.choice([1, 3, 5, 7], 6)
    kernels[:2] = 3, 5
    strides = rng.choice([1, 2, 3], 6)
    strides[:2] = 2, 3
    yield (np.stack([kernels, strides, kernels // 2], 1),)


def cells(rng):
    """A coordinate of a cell at both ends and in the middle, layers, and the side of the image.

    None whose span the walls of the maps between change: a cell beyond them is padding, and no pixel reaches it.
    """
    for (layers,) in networks(rng):
        sides = [33]
        for kernel, stride, padding in layers:
            sides.append((sides[-1] + 2 * padding - kernel) // stride + 1)
        for index in sorted({0, int(rng.integers(0, sides[-1])), sides[-1] - 1}):
            read = {index}
            for (kernel, stride, padding), side in zip(layers[::-1], sides[-2::-1]):
                read = {i * stride - padding + k for i in read for k in range(kernel)} & set(range(side))
            if (min(read), max(read)) == ends(index, layers, 33):
                yield index, layers, 33


def views(rng):
    """Layers of a small network, images, and a cell of its map that is not on the diagonal."""
    for layers, side, row, column in (
        ([(3, 1, 1), (3, 2, 1), (3, 1, 1)], 16, 2, 5),
        ([(3, 2, 1), (3, 2, 1)], 20, 4, 1),
        ([(5, 2, 2), (3, 1, 1)], 14, 0, 6),
    ):
        yield np.array(layers), rng.uniform(0, 1, (2, 3, side, side)).astype(np.float32), row, column


def vectors(rng):
    """Pairs of vectors of different lengths, opposite ones, and zeros."""
    for n, channels in ((12, 5), (7, 9), (20, 3)):
        a, b = rng.normal(0, 2, (2, n, channels))
        b *= rng.uniform(0.1, 5, (n, 1))
        b[0], b[1], a[2], b[3], a[4], b[4] = 3 * a[0], -a[1], 0, 0, 0, 0
        yield a, b


def squares(rng):
    """Images, cells off the diagonal, margins of none to two blocks, blocks of several sizes."""
    for row, column, margin, block in ((3, 5, 0, 4), (4, 2, 1, 4), (5, 3, 2, 2), (2, 4, 1, 3)):
        yield rng.integers(0, 256, (4, 3, 8 * block, 8 * block)).astype(np.uint8), row, column, margin, block


def pairs(rng):
    """The same with other images beside them."""
    for images, *about in squares(rng):
        yield images, rng.integers(0, 256, images.shape).astype(np.uint8), *about


# 1
field = exercise.question("field", points=2, cases=networks)


@field.wrong("Strides count too early: a layer's own stride moves only the layers *after* it.", worth=0.5)
def own_stride_counted(layers):
    side, step = 1, 1
    for kernel, stride, _ in layers:
        step *= stride
        side += (kernel - 1) * step
    return side


@field.wrong("Strides are left out. After a stride of 2, one step of the next layer is two pixels.")
def strides_left_out(layers):
    return 1 + sum(kernel - 1 for kernel, _, _ in layers)


@field.wrong("Each layer knows only the stride just before it. Strides multiply: all earlier ones count.", worth=0.3)
def last_stride_only(layers):
    side, step = 1, 1
    for kernel, stride, _ in layers:
        side += (kernel - 1) * step
        step = stride
    return side


@field.wrong("Strides are added. Two strides of 2 make a step of 4, and two strides of 3 one of 9.", worth=0.3)
def strides_added(layers):
    side, step = 1, 1
    for kernel, stride, _ in layers:
        side += (kernel - 1) * step
        step += stride - 1
    return side


@field.wrong("A kernel of 3 adds two pixels, not three: its centre is there already.", worth=0.3)
def whole_kernels(layers):
    side, step = 1, 1
    for kernel, stride, _ in layers:
        side += kernel * step
        step *= stride
    return side


@field.wrong("The one pixel that everything begins with is missing.", worth=0.5)
def without_the_first_pixel(layers):
    return right_field(layers) - 1


@field.wrong("This is the number of pixels in the square. Its side is asked for.", worth=0.5)
def area(layers):
    return right_field(layers) ** 2


@field.wrong("This is how many pixels lie between neighbouring cells. How far can *one* cell see?")
def step_of_the_map(layers):
    return int(np.prod([stride for _, stride, _ in layers]))


@field.wrong("The layers are gone through from the end to the beginning with the rule for the other way.", worth=0.3)
def reversed_layers(layers):
    return right_field(layers[::-1])


def right_field(layers):
    side, step = 1, 1
    for kernel, stride, _ in layers:
        side += (kernel - 1) * step
        step *= stride
    return side


# 2
span = exercise.question("span", points=3, cases=cells)


def ends(index, layers, clip=None, pad=True):
    first = last = index
    for kernel, stride, padding in np.asarray(layers)[::-1]:
        first = first * stride - (padding if pad else 0)
        last = last * stride - (padding if pad else 0) + kernel - 1
    return (first, last) if clip is None else (max(first, 0), min(last, clip - 1))


@span.wrong("It is right inside the image. At its edges there are no pixels -1, and none beyond the last.", worth=0.5)
def not_clipped(index, layers, side):
    return ends(index, layers)


@span.wrong("Padding is left out: with it, cell 0 looks at pixels to the left of the image, too.", worth=0.3)
def padding_left_out(index, layers, side):
    return ends(index, layers, side, pad=False)


@span.wrong("Second comes the pixel *after* the last one. The last one itself is asked for.", worth=0.5)
def one_too_far(index, layers, side):
    first, last = ends(index, layers, side)
    return first, last + 1


@span.wrong(
    "The span is laid around the middle of the cell's own block. Go back layer by layer: is it there?", worth=0.3
)
def centred_on_the_block(index, layers, side):
    step = int(np.prod(np.asarray(layers)[:, 1]))
    half = (right_field(layers) - 1) // 2
    middle = index * step + (step - 1) // 2
    return max(middle - half, 0), min(middle + half, side - 1)


@span.wrong("This is the cell's own block. What can *reach* the cell is more.")
def own_block(index, layers, side):
    step = int(np.prod(np.asarray(layers)[:, 1]))
    return index * step, index * step + step - 1


@span.wrong(
    "The layers are gone through from the first to the last. A cell is made by the *last* one: begin there.", worth=0.3
)
def wrong_way_round(index, layers, side):
    return ends(index, np.asarray(layers)[::-1], side)


# 3
reached = exercise.question("reached", points=3, cases=views)


def gradient(network, images, row, column, of=slice(None)):
    images = images.clone().requires_grad_()
    feature_map = network.feature_map(images)
    (found,) = torch.autograd.grad(feature_map[of, :, row, column].sum(), images)
    return found


@reached.wrong("Rows and columns have changed places.", worth=0.5)
def transposed(network, images, row, column):
    return (
        gradient(network, images, column, row) if row != column else gradient(network, images, row, column)
    ).abs().sum((0, 1)) > 0


@reached.wrong("Every pixel reaches *some* cell. The gradient of this one cell is asked for.")
def whole_map(network, images, row, column):
    images = images.clone().requires_grad_()
    (found,) = torch.autograd.grad(network.feature_map(images).sum(), images)
    return found.abs().sum((0, 1)) > 0


@reached.wrong("These are the pixels that do *not* reach it.")
def untouched(network, images, row, column):
    return gradient(network, images, row, column).abs().sum((0, 1)) == 0


@reached.wrong(
    "There is one answer for each image and channel. Any of them will do: the answer has the shape [H, W].", worth=0.5
)
def each_image(network, images, row, column):
    return gradient(network, images, row, column) != 0


@reached.wrong("There is one answer for each channel. Any of them will do: the answer has the shape [H, W].", worth=0.5)
def each_channel(network, images, row, column):
    return gradient(network, images, row, column).abs().sum(0) > 0


@reached.wrong("There is one answer for each image. Any of them will do: the answer has the shape [H, W].", worth=0.5)
def each_picture(network, images, row, column):
    return gradient(network, images, row, column).abs().sum(1) > 0


@reached.wrong("This is the gradient. Where is it not zero?", worth=0.5)
def gradient_itself(network, images, row, column):
    return gradient(network, images, row, column).abs().sum((0, 1))


# 4
cosine = exercise.question("cosine", points=2, cases=vectors)


@cosine.wrong("This is the dot product. Long vectors have a large one in any direction: divide by both lengths.")
def dot_product(a, b):
    return (a * b).sum(-1)


@cosine.wrong("It is divided by one of the lengths alone.", worth=0.3)
def one_length(a, b):
    with np.errstate(all="ignore"):
        return (a * b).sum(-1) / np.linalg.norm(a, axis=-1)


@cosine.wrong("It is divided by *squared* lengths: a square root is missing.", worth=0.3)
def squared_lengths(a, b):
    with np.errstate(all="ignore"):
        return (a * b).sum(-1) / ((a * a).sum(-1) * (b * b).sum(-1))


@cosine.wrong("All pairs are taken together: one number for the whole. One for each pair is asked for.")
def all_together(a, b):
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


@cosine.wrong("The sum goes over the pairs. One number for each pair is asked for: the last axis goes.")
def over_pairs(a, b):
    return (a * b).sum(0) / (np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0))


@cosine.wrong("Every vector meets every other. The first meets the first, the second the second.")
def every_pair(a, b):
    with np.errstate(all="ignore"):
        return a @ b.T / np.linalg.norm(a, axis=-1)[:, None] / np.linalg.norm(b, axis=-1)


@cosine.wrong(
    "It is right but where a vector is zero. Zero has no direction: NaN, and not 0, which would count as unlike.",
    worth=0.5,
)
def zero_at_zero(a, b):
    return (a * b).sum(-1) / np.maximum(np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1), 1e-8)


@cosine.wrong("This is a distance: 0 for the same direction. 1 is expected there.", worth=0.3)
def distance(a, b):
    with np.errstate(all="ignore"):
        return 1 - (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


@cosine.wrong("The means are taken off first: that is a correlation.", worth=0.3)
def correlation(a, b):
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    with np.errstate(all="ignore"):
        return (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


# 5
crop = exercise.question("crop", points=2, cases=squares)


def sides(row, column, margin, block):
    return tuple(slice((i - margin) * block, (i + margin + 1) * block) for i in (row, column))


@crop.wrong("Rows and columns have changed places: an image is [3, *rows*, *columns*].", worth=0.5)
def rows_and_columns_swapped(images, row, column, margin, block):
    down, right = sides(column, row, margin, block)
    return images[:, :, down, right]


@crop.wrong("The margin is in blocks, not in pixels.", worth=0.5)
def margin_in_pixels(images, row, column, margin, block):
    down, right = (slice(i * block - margin, (i + 1) * block + margin) for i in (row, column))
    return images[:, :, down, right]


@crop.wrong("It ends too early, a block before it should: the cell's own block counts, too.", worth=0.5)
def own_block_missing(images, row, column, margin, block):
    down, right = (slice((i - margin) * block, (i + margin) * block) for i in (row, column))
    return images[:, :, down, right]


@crop.wrong("Rows and columns of the *map* are taken for pixels: a block has several.")
def cells_for_pixels(images, row, column, margin, block):
    down, right = sides(row, column, margin, 1)
    return images[:, :, down, right]


@crop.wrong("It begins at the cell's own block; the margin goes to all four sides.", worth=0.3)
def margin_on_one_side(images, row, column, margin, block):
    down, right = (slice(i * block, (i + 2 * margin + 1) * block) for i in (row, column))
    return images[:, :, down, right]


@crop.wrong("It is as large as the image, and black around the square. Cut the square out.", worth=0.3)
def blackened(images, row, column, margin, block):
    found = np.zeros_like(images)
    down, right = sides(row, column, margin, block)
    found[:, :, down, right] = images[:, :, down, right]
    return found


# 6
keep = exercise.question("keep", points=2, cases=pairs)


def mixed(base, square, row, column, margin, block):
    found = base.copy()
    down, right = sides(row, column, margin, block)
    found[:, :, down, right] = square[:, :, down, right]
    return found


@keep.wrong("It is the other way round: the image keeps its surroundings, and the square is another's.", worth=0.5)
def square_swapped(images, others, row, column, margin, block):
    return mixed(images, others, row, column, margin, block)


@keep.wrong("Rows and columns have changed places.", worth=0.5)
def rows_and_columns_swapped(images, others, row, column, margin, block):
    return mixed(others, images, column, row, margin, block)


@keep.wrong("It cuts the square out. Its surroundings should be those of the other image, and the size the whole one.")
def square_alone(images, others, row, column, margin, block):
    down, right = sides(row, column, margin, block)
    return images[:, :, down, right]


@keep.wrong("What lies around the square is black. It should be the other image's.", worth=0.3)
def black_around(images, others, row, column, margin, block):
    return mixed(np.zeros_like(images), images, row, column, margin, block)


@keep.wrong("The margin is in blocks, not in pixels.", worth=0.5)
def margin_in_pixels(images, others, row, column, margin, block):
    found = others.copy()
    down, right = (slice(i * block - margin, (i + 1) * block + margin) for i in (row, column))
    found[:, :, down, right] = images[:, :, down, right]
    return found


# 7
similar = exercise.value(
    "similar",
    points=3,
    step=0.02,
    otherwise="They are other numbers. Each is a median of 120 cosines to the real cell; print how many are NaN, and the shapes.",
)
similar.wrong(
    "The third is what is left when the square is *swapped*. Keep the square, and take the rest from the other image.",
    answer=[0.301, 0.189, 0.817],
    name="swapped instead of kept",
)
similar.wrong(
    "The right numbers in another order: first another image, then the crop, then keep.",
    0.5,
    [0.189, 0.301, 0.404],
    "order",
)
similar.wrong("Is the margin 0? These are of squares of 12 pixels.", 0.3, [0.301, 0.831, 0.754], "margin of one block")

# 8
local = exercise.open(
    "local",
    points=3,
    rubric=(
        "1: says from their numbers that a cell is not its own block: the block alone tells less of it than another image does; from 12 x 12 pixels on it "
        "is told well. 1: draws the conclusion for background: a cell off the digit still sees and speaks of it (the halo), so shortening it touches the digit. "
        "1: proposes something that follows (count as background only what is far from objects, a smaller receptive field, a soft share) and "
        "names its price, or how to test it."
    ),
)
