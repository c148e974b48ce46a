// Pictures made as bgood_lib/datasets/scenes.py makes them: a digit of 8 x 8 pixels over a photograph.
bgoodTouch.picture = (data) => {
  const { ui } = bgoodTouch, { side } = data, area = side * side;
  const pictures = Object.fromEntries(Object.entries(data.pictures).map(([name, { pixels }]) => [name, ui.unpack(pixels)]));
  pictures.own = pictures.plain; // until there is one
  const digits = ui.unpack(data.digits).values;
  let drawn = new Uint8Array(area), at = [side >> 1, side >> 1];

  // Bicubic enlargement of rows of bytes, as Pillow does it (a = -0.5): first along, then across.
  function enlarge(from, n, size) {
    const cubic = (x) => ((x = Math.abs(x)) < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0);
    const parts = Array.from({ length: size }, (_, i) => {
      const centre = ((i + 0.5) * n) / size, first = Math.max(0, Math.trunc(centre - 1.5)), last = Math.min(n, Math.trunc(centre + 2.5));
      const weights = Array.from({ length: last - first }, (_, j) => cubic(first + j - centre + 0.5));
      const sum = weights.reduce((a, b) => a + b);
      return [first, weights.map((weight) => weight / sum)];
    });
    const along = (rows, get) => {
      const out = new Uint8ClampedArray(rows * size); // rounds, and stays within 0 to 255
      for (let row = 0; row < rows; row++)
        parts.forEach(([first, weights], i) => (out[row * size + i] = weights.reduce((sum, weight, j) => sum + weight * get(row, first + j), 0)));
      return out;
    };
    const wide = along(n, (row, j) => from[row * n + j]);
    const turned = along(size, (column, j) => wide[j * size + column]);
    return (row, column) => turned[column * size + row];
  }

  // How much ink lies on each pixel, of 255.
  function ink({ digit, x, y, size, opacity }) {
    const weight = new Uint8Array(area);
    if (digit === "none") return weight;
    if (digit === "drawn") drawn.forEach((value, i) => (weight[i] = Math.trunc(value * opacity)));
    else {
      const eight = digits.slice(64 * digit, 64 * digit + 64).map((value) => Math.trunc((value * 255) / 16));
      const large = enlarge(eight, 8, size), left = x - (size >> 1), top = y - (size >> 1);
      for (let row = Math.max(0, top); row < Math.min(side, top + size); row++)
        for (let column = Math.max(0, left); column < Math.min(side, left + size); column++)
          weight[row * side + column] = Math.trunc(large(row - top, column - left) * opacity);
    }
    return weight.map((value) => (value < data.least * 255 ? 0 : value));
  }

  // The picture that the controls say: pixels [side x side x 3] of 0 to 255.
  function compose(values) {
    const { shape: [, width], values: from } = pictures[values.picture], weight = ink(values);
    const colour = [1, 3, 5].map((i) => parseInt(values.colour.slice(i, i + 2), 16));
    const out = new Uint8ClampedArray(3 * area);
    const [left, top] = values.picture === "own" ? [0, 0] : [values.left, values.top];
    for (let i = 0; i < area; i++)
      for (let c = 0; c < 3; c++) {
        const behind = from[3 * ((top + Math.floor(i / side)) * width + left + (i % side)) + c];
        out[3 * i + c] = Math.floor((behind * (255 - weight[i]) + colour[c] * weight[i] + 127) / 255);
      }
    return out;
  }

  // One's own picture: its middle square, made as small as the others.
  async function take(file) {
    const bitmap = await createImageBitmap(file), least = Math.min(bitmap.width, bitmap.height);
    const context = Object.assign(document.createElement("canvas"), { width: side, height: side }).getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, (bitmap.width - least) / 2, (bitmap.height - least) / 2, least, least, 0, 0, side, side);
    const bytes = context.getImageData(0, 0, side, side).data;
    pictures.own = { shape: [side, side, 3], values: bytes.filter((_, i) => i % 4 < 3) };
  }

  // Ink with a soft pen about two pixels wide, from where it was last.
  function dab(x, y) {
    drawn = drawn.map((value, i) => {
      const distance = Math.hypot((i % side) + 0.5 - x, Math.floor(i / side) + 0.5 - y);
      return Math.max(value, ui.clamp(255 * (1.9 - distance), 0, 255));
    });
  }
  function inkAt(x, y, first) {
    const [fromX, fromY] = first ? [x, y] : at, steps = Math.ceil(Math.hypot(x - fromX, y - fromY) * 2) || 1;
    for (let i = 1; i <= steps; i++) dab(fromX + ((x - fromX) * i) / steps, fromY + ((y - fromY) * i) / steps);
    at = [x, y];
  }
  let down = false;
  // The pen by keys: moves by dx, dy; `turn` lifts it, or sets it down.
  function pen(dx, dy, turn = false) {
    if (turn) down = !down;
    const to = [ui.clamp(at[0] + dx, 0, side), ui.clamp(at[1] + dy, 0, side)];
    if (down) inkAt(...to, false);
    at = to;
  }
  return {
    compose, take, ink: inkAt, pen, penAt: () => at.map((each) => ui.clamp(each - 0.5, 0, side - 1)),
    clear: () => (drawn = new Uint8Array(area)),
  };
};
