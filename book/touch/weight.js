// A slider through trained networks: the lengths of cells and the histograms of a score, precomputed.
bgoodTouch.explorers.weight = (stage, { controls, data }, ui) => {
  const { el, percent } = ui;
  const [count, side] = data.images.shape;
  const pixels = ui.unpack(data.images).values;
  const networks = data.networks.map((network) => ({ ...network, norms: ui.unpack(network.norms) }));
  const cells = networks[0].norms.values.length / networks[0].norms.shape[0];
  const { values, elements } = ui.controls(controls, draw);
  const words = ui.words();
  const maps = [];
  const pictures = data.captions.map((caption, i) => {
    const canvas = el("canvas", { width: 128, height: 128, role: "img", "aria-label": `Image: ${caption}` });
    ui.paint(canvas, pixels.subarray(i * side * side * 3, (i + 1) * side * side * 3));
    maps.push(ui.normMap(`Lengths of cells: ${caption}`, 128));
    return el("div", {}, canvas, maps[i].element, el("span", {}, caption));
  });
  const chart = el("div", {});
  const legend = el("div", {});
  stage.append(
    elements.weight, ui.normBar(data.vmax), el("div", { class: "touch-pictures" }, pictures),
    elements.score, elements.ood, legend, chart, words.element,
    el("p", { class: "touch-note" }, `Each weight is one training (seed ${networks[0].seed}), so a difference of a few points may be chance.`),
  );

  function draw() {
    const network = networks[values.weight], weight = controls.weight.stops[values.weight][1];
    maps.forEach((map, i) => map.update(network.norms.values.subarray(i * cells, (i + 1) * cells), data.vmax));
    const { shares, threshold, figures } = network.scores[values.score];
    const name = controls.score.options.find(([each]) => each === values.score)[1], ood = data.titles[values.ood];
    const [from, to] = data.axes[values.score][values.ood];
    const plot = ui.histogram({ low: from, high: to, height: 180, xlabel: `${name} (to the right: more OOD)` });
    const series = [["known test images", "id"], [ood, "ood"]];
    const said = figures[values.ood];
    const text =
      `Weight ${weight}: ${percent(said.fpr95_id_positive, 1)} of ${ood} pass as known when 95% of the known test images do ` +
      `(fpr95_id_positive, ${name}). AUROC ${percent(said.auroc, 1)}; ID accuracy ${percent(network.accuracy, 1)}.`;
    plot.update(
      series.map(([, ink], i) => ({ colour: ui.colour(ink), counts: ui.unpack(shares[values.ood][i]).values })),
      { line: threshold, says: `Histograms of ${name} for known test images and for ${ood}, with the threshold that 95% of the known ones pass. ${text}` },
    );
    chart.replaceChildren(plot.element);
    legend.replaceChildren(ui.legend(...series.map(([label, ink]) => [label, ui.colour(ink)])));
    words.say(text);
  }
  draw();
};
