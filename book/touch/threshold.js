// One line between known and unknown, dragged over two histograms; all lines together are the curve beside them.
(() => {
  // Letter and level of every image, in the order of the scores: a bar stands where the next level of the axis begins.
  function read(data, network, score) {
    const order = [], levels = [];
    let level = 0;
    for (const sign of data.places[network][score])
      if (sign === "|") level++;
      else order.push(sign), levels.push(level);
    return { order, levels };
  }

  // Every place of the line between images of unequal score, from flagging all to flagging none: `rank` images of all
  // sets lie below it, `id` and `ood` are the shares of these two sets that are flagged.
  function sweep(data, network, score, ood) {
    const { order } = read(data, network, score);
    const letters = [data.sets.test.letter, data.sets[ood].letter], n = [data.sets.test.n, data.sets[ood].n];
    const below = [0, 0], rank = [], id = [], caught = [];
    for (let i = 0; i <= order.length; i++) {
      const letter = order[i]?.toLowerCase();
      if (letter === order[i]) { // no line between equal scores: those have a capital
        rank.push(i);
        id.push((n[0] - below[0]) / n[0]);
        caught.push((n[1] - below[1]) / n[1]);
      }
      if (letter === letters[0]) below[0]++;
      if (letter === letters[1]) below[1]++;
    }
    return { rank, id, ood: caught };
  }

  // AUROC and both FPR95, with the places (indices) of their lines.
  function figures({ id, ood }) {
    let auroc = 0;
    for (let i = 1; i < id.length; i++) auroc += ((id[i - 1] - id[i]) * (ood[i - 1] + ood[i])) / 2;
    const accepted = id.findIndex((share) => share <= 0.05 + 1e-12);
    const caught = ood.findLastIndex((share) => share >= 0.95 - 1e-12);
    return { auroc, fpr95_id_positive: 1 - ood[accepted], fpr95_ood_positive: id[caught], places: { id: accepted, ood: caught } };
  }

  // Shares of one set in equal parts of the axis.
  function histogram(data, network, score, set, count, bins) {
    const { order, levels } = read(data, network, score), { letter, n } = data.sets[set];
    const shares = new Array(bins).fill(0);
    order.forEach((each, i) => {
      if (each.toLowerCase() === letter) shares[Math.floor((levels[i] * bins) / count)] += 1 / n;
    });
    return shares;
  }

  const MEANING = {
    auroc: ["AUROC", "chance that an OOD image scores above an ID image"],
    fpr95_id_positive: ["fpr95_id_positive", "OOD accepted when 95% of ID are"],
    fpr95_ood_positive: ["fpr95_ood_positive", "ID flagged when 95% of OOD are caught"],
  };
  const WIDTH = 340, FLOOR = 140, EDGE = 6, BINS = 50, SIDE = 170;

  function explorer(stage, { controls: described, data }, ui) {
    const { el, svg, colour, percent, clamp } = ui;
    const levels = described.line.high;
    const x = (level) => EDGE + (level / levels) * (WIDTH - 2 * EDGE);
    const { values, set, elements } = ui.controls(described, (name) => {
      if (following) return;
      if (name === "line") follow("at", "hand");
      redraw(name);
    });
    let following = false, swept, found, places;
    function follow(name, value) { // a control that goes along, not moved by the reader
      following = true;
      set(name, value);
      following = false;
    }

    const plot = svg("svg", { viewBox: `0 0 ${WIDTH} ${FLOOR + 34}`, class: "touch-histogram touch-drag", role: "img" });
    const curve = svg("svg", { viewBox: `-18 -6 ${SIDE + 24} ${SIDE + 24}`, class: "touch-roc", role: "img" });
    const words = ui.words();
    const cells = {}, note = el("p", { class: "touch-note" });
    const rows = Object.entries(MEANING).map(([key, [name, meaning]]) =>
      el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)), (cells[key] = el("td", {})), el("td", {}, meaning)));
    const table = el("table", { class: "touch-figures" },
      el("thead", {}, el("tr", {}, ...["figure", "value", "what it says"].map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows));
    const drawn = {};

    function dragged(event) {
      const box = plot.getBoundingClientRect();
      const place = ((event.clientX - box.left) / box.width) * WIDTH;
      set("line", Math.round(clamp((place - EDGE) / (WIDTH - 2 * EDGE), 0, 1) * levels));
    }
    plot.addEventListener("pointerdown", (event) => {
      plot.setPointerCapture(event.pointerId);
      dragged(event);
    });
    plot.addEventListener("pointermove", (event) => plot.hasPointerCapture(event.pointerId) && dragged(event));

    function area(shares, top, ink) {
      const step = (WIDTH - 2 * EDGE) / BINS;
      const points = shares.flatMap((share, i) => [0, 1].map((side) => `${EDGE + (i + side) * step},${FLOOR - (share / top) * (FLOOR - 12)}`));
      return svg("polygon", { points: `${EDGE},${FLOOR} ${points.join(" ")} ${WIDTH - EDGE},${FLOOR}`, style: `fill: ${ink}; stroke: ${ink}` });
    }

    function newScores() {
      const { network, score, ood } = values;
      swept = sweep(data, network, score, ood);
      found = figures(swept);
      places = read(data, network, score).levels;
      const both = ["test", ood].map((name) => histogram(data, network, score, name, levels, BINS));
      const top = Math.max(...both.flat()), { label, ticks } = data.axes[score];
      const texts = ticks.map(([level, text]) => svg("text", { x: x(level), y: FLOOR + 14, "text-anchor": "middle" }, text));
      const axis = svg("line", { x1: EDGE, x2: WIDTH - EDGE, y1: FLOOR, y2: FLOOR, class: "touch-axis" });
      const name = svg("text", { x: WIDTH / 2, y: FLOOR + 30, "text-anchor": "middle" }, `${label} → more OOD`);
      drawn.flagged = svg("rect", { y: 0, height: FLOOR, class: "touch-flagged" });
      drawn.line = svg("line", { y1: 0, y2: FLOOR, class: "touch-line" });
      drawn.grip = svg("circle", { cy: 8, r: 7, class: "touch-grip" });
      plot.replaceChildren(drawn.flagged, area(both[0], top, colour("id")), area(both[1], top, colour("ood")), axis, ...texts, name, drawn.line, drawn.grip);

      const points = swept.id.map((share, i) => `${(SIDE * share).toFixed(1)},${(SIDE * (1 - swept.ood[i])).toFixed(1)}`);
      const path = [...new Set(points)].join(" ");
      drawn.point = svg("circle", { r: 6, class: "touch-grip" });
      curve.replaceChildren(
        svg("rect", { width: SIDE, height: SIDE, class: "touch-box" }),
        svg("polygon", { points: `${SIDE},${SIDE} ${path} 0,${SIDE}`, style: `fill: ${colour("ood")}; fill-opacity: 0.25` }),
        svg("line", { x1: 0, y1: SIDE, x2: SIDE, y2: 0, class: "touch-guess" }),
        svg("polyline", { points: path, style: `fill: none; stroke: ${colour("ood")}; stroke-width: 2` }),
        drawn.point,
        svg("text", { x: SIDE / 2, y: SIDE + 15, "text-anchor": "middle" }, "ID flagged →"),
        svg("text", { x: -6, y: SIDE / 2, "text-anchor": "middle", transform: `rotate(-90 -6 ${SIDE / 2})` }, "OOD caught →"),
      );
      for (const key in MEANING) cells[key].textContent = percent(found[key], 1);
      const { title, accuracy } = data.networks[network];
      note.textContent = `${title}: one training (n = 1), ID accuracy ${percent(accuracy, 2)}. ID: ${data.sets.test.title}, N = ${data.sets.test.n}. OOD: ${data.sets[ood].title}, N = ${data.sets[ood].n}.`;
    }

    function move() {
      let place, level = values.line;
      if (values.at === "hand") {
        const below = places.findIndex((each) => each >= level);
        place = swept.rank.findIndex((rank) => rank >= (below < 0 ? places.length : below));
      } else {
        place = found.places[values.at];
        level = places[swept.rank[place]] ?? levels;
        follow("line", level);
      }
      const [known, unknown] = [swept.id[place], swept.ood[place]];
      for (const [name, value] of [["x1", x(level)], ["x2", x(level)]]) drawn.line.setAttribute(name, value);
      drawn.grip.setAttribute("cx", x(level));
      drawn.flagged.setAttribute("x", x(level));
      drawn.flagged.setAttribute("width", WIDTH - EDGE - x(level));
      drawn.point.setAttribute("cx", SIDE * known);
      drawn.point.setAttribute("cy", SIDE * (1 - unknown));
      const said = `${percent(known, 1)} of ID images are flagged, ${percent(unknown, 1)} of OOD images are caught`;
      elements.line.querySelector("output").textContent = ""; // it is said below
      elements.line.querySelector("input").setAttribute("aria-valuetext", said);
      const below = found.auroc < 0.5 ? ` AUROC is below 50%: this score takes most of these images for more known than ID images.` : "";
      words.say(`Right of the line: ${said}.${below}`);
      plot.setAttribute("aria-label", `Histograms of ID and OOD images; the line flags ${percent(known, 1)} of ID and ${percent(unknown, 1)} of OOD.`);
      curve.setAttribute("aria-label", `All lines: share of OOD caught over share of ID flagged. Area, AUROC: ${percent(found.auroc, 1)}.`);
    }
    const redraw = (name) => {
      if (!["at", "line"].includes(name)) newScores();
      move();
    };

    stage.append(
      elements.network, elements.score, elements.ood,
      ui.legend(["ID", colour("id")], ["OOD", colour("ood")]), plot, elements.line, elements.at, words.element,
      el("div", { class: "touch-pair" }, curve, table), note,
    );
    redraw();
  }
  bgoodTouch.explorers.threshold = Object.assign(explorer, { sweep, figures });
})();
