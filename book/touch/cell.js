// A cell of the map: what can reach it, and what is left of it when its surroundings are cut off. Precomputed.
bgoodTouch.explorers.cell = (stage, { controls, data }, ui) => {
  const { el } = ui, { block, classes, crops, field } = data;
  const [, side] = data.images.shape, pixels = ui.unpack(data.images).values, cells = side / block;
  const networks = data.networks.map((network) => ({
    ...network, ...Object.fromEntries(["norms", "whole", "alone", "similar", "unrelated"].map((name) => [name, ui.unpack(network[name])])),
  }));
  const { values, set, elements } = ui.controls(controls, () => draw());
  const go = (name, value) => set(name, ui.clamp(value, 1, cells));
  const canvas = ui.surface({
    size: 320, hover: true, label: "The image: point at a cell, or use the arrow keys",
    move: (x, y) => (go("column", Math.floor(x * cells) + 1), go("row", Math.floor(y * cells) + 1)),
    keys: (dx, dy) => (go("column", values.column + dx), go("row", values.row + dy)),
  });
  const map = ui.normMap("Lengths of the map's cells");
  const alone = el("canvas", { width: 320, height: 320, role: "img", "aria-label": "The crop alone" });
  const words = ui.words(), legend = el("div", {}), bars = el("div", {});
  stage.append(
    elements.image, elements.network,
    el("div", { class: "touch-three" },
      el("div", {}, el("p", { class: "touch-title" }, "The image"), canvas),
      el("div", {}, el("p", { class: "touch-title" }, "Its map"), map.element),
      el("div", {}, el("p", { class: "touch-title" }, "The crop"), alone)),
    ui.normBar(data.vmax),
    el("p", { class: "touch-note" }, `Solid frame: the ${block} x ${block} pixels that the cell stands for. Dashed: the crop. Thin: all that can reach the cell, ${field[1]} x ${field[1]} pixels, its receptive field.`),
    el("div", { class: "touch-controls" }, elements.crop, elements.row, elements.column),
    el("p", { class: "touch-title" }, "What the head says of this cell"), legend, bars, words.element,
  );

  // A square of `width` pixels that begins `first` from the cell's own, cut at the border: left, top, width, height.
  function box(width, first = (block - width) / 2) {
    const [left, top] = [values.column, values.row].map((place) => block * (place - 1) + first);
    const [x, y] = [Math.max(0, left), Math.max(0, top)];
    return [x, y, Math.min(side, left + width) - x, Math.min(side, top + width) - y];
  }
  const draw = ui.soon(async () => {
    const network = networks[values.network], image = pixels.subarray(values.image * side * side * 3, (Number(values.image) + 1) * side * side * 3);
    const cell = (values.row - 1) * cells + values.column - 1, place = values.image * cells * cells + cell;
    ui.paint(canvas, image);
    ui.frame(canvas, box(field[1], field[0]), side, { width: 1 });
    ui.frame(canvas, box(crops[values.crop]), side, { dash: [8, 6] });
    ui.frame(canvas, box(block), side);
    map.update(network.norms.values.subarray(values.image * cells * cells, (Number(values.image) + 1) * cells * cells), data.vmax, null);
    ui.frame(map.element, [values.column - 1, values.row - 1, 1, 1], cells);
    // The crop at the place and size it has in the image.
    const [x, y, width, height] = box(crops[values.crop]), context = alone.getContext("2d"), scale = alone.width / Math.max(width, height);
    context.clearRect(0, 0, alone.width, alone.height);
    context.imageSmoothingEnabled = false;
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const at = 3 * ((y + row) * side + x + column);
        context.fillStyle = `rgb(${image.subarray(at, at + 3).join()})`;
        context.fillRect(Math.floor(column * scale), Math.floor(row * scale), Math.ceil(scale), Math.ceil(scale));
      }
    const n = classes.length, all = network.norms.values.length, ink = ui.colour(network.method);
    const shares = ({ values: from }, at) => Array.from(from.subarray(at * n, at * n + n), (each) => each / 255);
    const whole = shares(network.whole, place), part = shares(network.alone, values.crop * all + place);
    const series = [["in the whole image", ink], ["from the crop alone", ui.colour("other")]], chart = ui.bars(classes, series);
    chart.update(whole, part);
    bars.replaceChildren(chart.element);
    legend.replaceChildren(ui.legend(...series));
    const similar = network.similar.values[values.crop * all + place], best = (of) => classes[of.indexOf(Math.max(...of))];
    words.say(
      `Row ${values.row}, column ${values.column}: in the whole image the cell says ${best(whole)}, from ${crops[values.crop]} x ${crops[values.crop]} pixels alone ${best(part)}. ` +
      (similar < -1 ? "One of the two features is zero." : `The two features have similarity ${similar.toFixed(2)}; the same cell of another image has ${network.unrelated.values[cell].toFixed(2)} (median).`));
  });
  draw();
};
