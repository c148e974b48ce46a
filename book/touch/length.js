// A feature vector to pull in a plane with three classes: logits and softmax answer, and a temperature is a length.
(() => {
  function answer({ weights, bias }, [x, y], temperature = 1) {
    const logits = weights.map(([a, b], k) => a * x + b * y + bias[k]);
    const top = Math.max(...logits);
    const shares = logits.map((logit) => Math.exp((logit - top) / temperature));
    const sum = shares.reduce((a, b) => a + b);
    return { logits, shares: shares.map((share) => share / sum) };
  }

  const GRID = 72; // places along a side at which the shade is computed

  function explorer(stage, { controls: described, data }, ui) {
    const { el, svg, colour, percent, clamp } = ui;
    const { limit } = data;
    const { values, set, elements } = ui.controls(described, draw);
    const drawn = Object.fromEntries(Object.entries(data.planes).map(([name, { dots = {} }]) =>
      [name, Object.fromEntries(Object.entries(dots).map(([set, packed]) => [set, ui.unpack(packed).values]))]));
    const fixed = (value, digits = 1) => value.toFixed(digits).replace("-", "−");
    const shade = el("canvas", { width: GRID, height: GRID, class: "touch-shade", "aria-hidden": "true" });
    const picture = svg("svg", { viewBox: `${-limit} ${-limit} ${2 * limit} ${2 * limit}`, class: "touch-vectors", role: "img" });
    const plane = el("div", { class: "touch-plane" }, shade, picture);
    const words = ui.words(), legend = el("div", {}), note = el("p", { class: "touch-note" });
    const rows = el("tbody", {});
    const table = el("table", { class: "touch-figures touch-answer" },
      el("thead", {}, el("tr", {}, ...["class", "logit", "softmax"].map((head) => el("th", { scope: "col" }, head)))), rows);

    function pulled(event) {
      const box = picture.getBoundingClientRect();
      const x = limit * (2 * (event.clientX - box.left) / box.width - 1), y = limit * (1 - 2 * (event.clientY - box.top) / box.height);
      const direction = Math.round((Math.atan2(y, x) * 180) / Math.PI);
      set("direction", direction);
      set("length", clamp(Math.round(10 * Math.hypot(x, y)) / 10, 0, limit));
    }
    picture.addEventListener("pointerdown", (event) => {
      picture.setPointerCapture(event.pointerId);
      pulled(event);
    });
    picture.addEventListener("pointermove", (event) => picture.hasPointerCapture(event.pointerId) && pulled(event));

    function shadeOf(chosen, temperature) { // where nothing is sure
      const image = new ImageData(GRID, GRID);
      for (let i = 0; i < GRID * GRID; i++) {
        const at = [i % GRID, Math.floor(i / GRID)].map((place) => limit * ((2 * (place + 0.5)) / GRID - 1));
        const sure = Math.max(...answer(chosen, [at[0], -at[1]], temperature).shares);
        image.data[4 * i + 3] = 200 * (1 - sure);
      }
      shade.getContext("2d").putImageData(image, 0, 0);
    }

    function arrow(x, y, kind) {
      const size = Math.hypot(x, y), wide = kind === "touch-pulled" ? 0.55 : 0.32;
      if (size < 0.05) return svg("circle", { r: 0.3, class: kind });
      const head = Math.min(size, 3 * wide), [u, v] = [x / size, -y / size];
      const [bx, by] = [u * (size - head), v * (size - head)];
      return svg("g", { class: kind },
        svg("line", { x1: 0, y1: 0, x2: bx, y2: by }),
        svg("polygon", { points: `${u * size},${v * size} ${bx - v * wide},${by + u * wide} ${bx + v * wide},${by - u * wide}` }));
    }

    function draw(name) {
      const chosen = data.planes[values.plane], { length, temperature } = values;
      const angle = (values.direction * Math.PI) / 180, towards = [Math.cos(angle), Math.sin(angle)];
      const at = (size) => towards.map((part) => size * part);
      if (!["length", "direction"].includes(name)) shadeOf(chosen, temperature);
      const { logits, shares } = answer(chosen, at(length), temperature);
      const dots = [["test", "id"], [values.ood, "ood"]].flatMap(([set, ink]) => {
        const points = drawn[values.plane][set] ?? [];
        return Array.from({ length: points.length / 2 }, (_, i) =>
          svg("circle", { cx: points[2 * i], cy: -points[2 * i + 1], r: 0.22, class: "touch-spot", style: `fill: ${colour(ink)}` }));
      });
      const directions = chosen.weights.flatMap(([x, y], k) => {
        const scale = (0.84 * limit) / Math.hypot(x, y);
        return [arrow(scale * x, scale * y, "touch-direction"), svg("text", { x: 1.09 * scale * x, y: -1.09 * scale * y + 0.35, "text-anchor": "middle" }, chosen.names[k])];
      });
      const alike = at(length / temperature);
      const ghost = temperature === 1 ? [] : [svg("circle", { cx: alike[0], cy: -alike[1], r: 0.5, class: "touch-alike" })];
      picture.replaceChildren(...dots, ...directions, arrow(...at(length), "touch-pulled"), ...ghost);
      rows.replaceChildren(...chosen.names.map((each, k) =>
        el("tr", {}, el("th", { scope: "row" }, each), el("td", {}, fixed(logits[k])),
          el("td", {}, el("span", { class: "touch-share", style: `width: ${percent(0.7 * shares[k], 1)}` }), ` ${percent(shares[k], 1)}`))));
      const best = shares.indexOf(Math.max(...shares));
      let text = `Length ${fixed(length)}: ${percent(shares[best], 1)} for ${chosen.names[best]}.`;
      if (temperature !== 1) {
        const other = percent(answer(chosen, alike).shares[best], 1), short = fixed(length / temperature, 2);
        text += ` Temperature ${temperature} divides all logits by ${temperature}. `;
        text += chosen.bias.some((each) => each)
          ? `So does length ${short} at temperature 1, but for the biases: ${other}.`
          : `So does length ${short} at temperature 1: ${other}.`;
      }
      words.say(text);
      picture.setAttribute("aria-label", `A plane with the directions of ${chosen.names.join(", ")} and a feature of length ${fixed(length)}. Drag its tip, or use the sliders.`);
      const real = chosen.middle != null;
      elements.ood.hidden = !real;
      legend.hidden = !real;
      if (real) {
        const middle = (set) => (chosen.middle[set] == null ? "" : `, median length ${fixed(chosen.middle[set], 2)}`);
        legend.replaceChildren(ui.legend([`ID${middle("test")}`, colour("id")], [`${data.titles[values.ood]}${middle(values.ood)}`, colour("ood")]));
      }
      note.textContent = real
        ? `The plane in which this network tells ${chosen.names.join(", ")} apart; the softmax is over these three. Dots are test images that it takes for one of them (up to 80 of each set, some beyond the edge; the medians are of all). One training (n = 1), ID accuracy ${percent(chosen.accuracy, 2)}.`
        : "No network: three directions of equal length, no bias. Shaded: where the softmax is unsure.";
    }

    stage.append(
      elements.plane, elements.ood, el("div", { class: "touch-pair" }, plane, el("div", { class: "touch-beside" }, elements.length, elements.direction, elements.temperature, table)),
      legend, words.element, note,
    );
    draw();
  }
  bgoodTouch.explorers.length = Object.assign(explorer, { answer });
})();
