// A network of bgood_lib/pages/explorers/folded.py in plain JavaScript: convolutions with folded batch normalisation.
bgoodTouch.network = (folded) => {
  const { values } = bgoodTouch.ui.unpack(folded.weights);
  let at = 0;
  const take = (n) => values.subarray(at, (at += n));
  const read = (shape) => ({ shape, weight: take(shape.reduce((a, b) => a * b)), bias: take(shape[0]) });
  const [stem, ...blocks] = folded.layers.map(({ shape, stride }) => ({ ...read(shape), stride }));
  const head = read(folded.head);

  // Channels [C x side x side] to channels [O x n x n], zeros around them.
  function convolve({ shape: [outputs, inputs, k], weight, bias, stride }, x, side) {
    const pad = k >> 1, n = Math.floor((side + 2 * pad - k) / stride) + 1, area = n * n, size = inputs * k * k;
    const moved = new Float32Array(size * area), y = new Float32Array(outputs * area);
    for (let i = 0, j = 0; i < inputs; i++) // what each weight meets at all places
      for (let dy = -pad; dy < k - pad; dy++)
        for (let dx = -pad; dx < k - pad; dx++, j++)
          for (let row = 0; row < n; row++)
            for (let column = 0; column < n; column++) {
              const from = row * stride + dy, at = column * stride + dx;
              if (from >= 0 && from < side && at >= 0 && at < side)
                moved[j * area + row * n + column] = x[(i * side + from) * side + at];
            }
    for (let o = 0; o < outputs; o++) {
      const to = y.subarray(o * area, (o + 1) * area).fill(bias[o]);
      for (let j = 0; j < size; j++) {
        const by = weight[o * size + j], first = j * area;
        for (let place = 0; place < area; place++) to[place] += by * moved[first + place];
      }
    }
    return [y, n];
  }
  const relu = (x) => x.map((value) => Math.max(0, value));

  // Logits of one feature vector, of a cell or of their mean.
  const classify = (feature) =>
    Float32Array.from(head.bias, (bias, k) => feature.reduce((sum, value, c) => sum + value * head.weight[k * feature.length + c], bias));

  // Pixels [side x side x 3] of 0 to 255 to { side, norms, cells: logits of each cell, logits }.
  async function run(pixels) {
    let side = Math.sqrt(pixels.length / 3), x = new Float32Array(pixels.length);
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < side * side; i++) x[c * side * side + i] = (pixels[3 * i + c] / 255 - folded.mean[c]) / folded.std[c];
    x = relu(convolve(stem, x, side)[0]);
    for (let b = 0; b < blocks.length; b += 3) {
      const [y, half] = convolve(blocks[b], x, side), [shortcut] = convolve(blocks[b + 2], x, side);
      [x] = convolve(blocks[b + 1], relu(y), half);
      x = relu(x.map((value, i) => value + shortcut[i]));
      side = half;
    }
    const area = side * side, channels = x.length / area;
    const feature = (i) => Float32Array.from({ length: channels }, (_, c) => x[c * area + i]);
    const features = Array.from({ length: area }, (_, i) => feature(i));
    const pooled = Float32Array.from({ length: channels }, (_, c) => x.subarray(c * area, (c + 1) * area).reduce((a, b) => a + b) / area);
    return { side, norms: Float32Array.from(features, (f) => Math.hypot(...f)), cells: features.map(classify), logits: classify(pooled) };
  }
  return { run, classes: folded.head[0] };
};
