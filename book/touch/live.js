// with network.js picture.js
// A digit to drag on a photograph, or one's own picture; two networks answer at once.
bgoodTouch.explorers.live = (stage, { controls, data }, ui) => {
  const { el } = ui, { side, classes } = data;
  const networks = data.networks.map((network) => ({ ...network, ...bgoodTouch.network(network) }));
  const scene = bgoodTouch.picture(data);
  const here = structuredClone(controls); // a page can do two things more than a notebook
  here.digit.options.push(["drawn", "draw it"]);
  here.picture.options.push(["own", "your own"]);
  const { values, set, elements } = ui.controls(here, changed);

  // What is dragged: the pen, the digit or, where there is none, the picture behind it.
  let last;
  const canvas = ui.surface({
    size: 320, label: "The picture: drag the digit; arrow keys move it, plus and minus resize it; while drawing, space sets the pen down",
    move: (x, y, first) => {
      const at = [x * side, y * side];
      if (values.digit === "drawn") return scene.ink(...at, first), look();
      if (values.digit !== "none") return go("x", at[0] - 0.5), go("y", at[1] - 0.5);
      if (first) last = { at, left: values.left, top: values.top };
      go("left", last.left + last.at[0] - at[0]);
      go("top", last.top + last.at[1] - at[1]);
    },
    keys: (dx, dy) => {
      if (values.digit === "drawn") return scene.pen(dx, dy), look();
      const [across, down] = values.digit === "none" ? ["left", "top"] : ["x", "y"];
      go(across, values[across] + dx);
      go(down, values[down] + dy);
    },
    other: (key) => {
      if (key === " " && values.digit === "drawn") return scene.pen(0, 0, true), look(), true;
      const by = { "+": 1, "=": 1, "-": -1 }[key];
      if (by) go("size", values.size + by);
      return Boolean(by);
    },
  });
  const go = (name, value) => set(name, ui.clamp(Math.round(value), here[name].low, here[name].high));
  const clear = ui.button("Clear the drawing", () => (scene.clear(), look()));
  const file = el("input", { type: "file", accept: "image/*", id: "touch-own", onchange: takeFile });
  const own = el("p", {}, el("label", { for: "touch-own" }, "Your own picture; it stays on this device:"), " ", file);

  const sides = networks.map((network) => {
    const map = ui.normMap(`${network.title}: lengths of cells`);
    const bars = ui.bars(classes, [[network.title, ui.colour(network.method)]]);
    const tracks = Object.entries(data.scores).map(([score, label]) => [score, ui.track({ label, ...network.scores[score] })]);
    const element = el("div", {}, el("p", { class: "touch-title" }, network.title), map.element, bars.element, el("ul", { class: "touch-tracks" }, tracks.map(([, track]) => track.element)));
    return { network, map, bars, tracks, element };
  });
  const words = ui.words();
  const tasks = taskList(ui);
  const credits = Object.values(data.pictures).map((picture) => picture.credit).filter(Boolean);
  const rate = (network, score) => ui.percent(network.scores[score].figures.scenes_unseen.fpr95_id_positive);
  const some = (...names) => el("div", { class: "touch-controls" }, names.map((name) => elements[name]));
  stage.append(
    elements.digit, elements.picture, own, clear,
    el("div", { class: "touch-live-columns" },
      el("div", {}, canvas, ui.normBar(data.vmax), some("size", "opacity", "colour")),
      el("div", { class: "touch-two" }, sides.map((each) => each.element))),
    words.element,
    el("p", { class: "touch-note" }, "White frames: cells that the selector (CAM threshold) would take for background. Grey band: the middle 90% of the known test images. Right of the line, where 5% of them are, a picture counts as unknown."),
    some("x", "y", "left", "top"),
    el("p", { class: "touch-title" }, "Try to fool it"), tasks.element,
    el("p", { class: "touch-note" },
      `The maps differ strikingly, the verdicts modestly. Of ${data.n_unseen.toLocaleString("en")} unseen digits pass as known (fpr95_id_positive; one training each): ` +
      Object.entries(data.scores).map(([score, label]) => `${label} ${networks.map((each) => rate(each, score)).join(" against ")}`).join(", ") +
      ` (${networks.map((each) => each.title.toLowerCase()).join(" against ")}).`),
    el("p", { class: "touch-note" }, `Photographs: ${credits.join("; ")}; cut and made smaller.`),
  );

  const look = ui.soon(async () => {
    const pixels = scene.compose(values), answers = [];
    ui.paint(canvas, pixels, side);
    if (values.digit === "drawn") ui.frame(canvas, [...scene.penAt(), 1, 1], side);
    for (const { network, map, bars, tracks } of sides) {
      const answer = judge(await network.run(pixels));
      map.update(answer.norms, data.vmax, answer.chosen);
      bars.update(answer.shares);
      answer.known = Object.fromEntries(tracks.map(([score, track]) => [score, track.update(answer.scores[score])]));
      answers.push({ ...answer, title: network.title });
    }
    tasks.check(values.digit, answers);
    const say = ({ title, shares, predicted, known }) => `${title}: ${classes[predicted]}, ${ui.percent(shares[predicted])} sure, by MSP ${known.MSP ? "known" : "unknown"}`;
    words.say(answers.map(say).join(". ") + ".");
  });

  function judge({ norms, cells, logits }) {
    const top = Math.max(...logits), sum = logits.reduce((all, logit) => all + Math.exp(logit - top), 0);
    const shares = [...logits].map((logit) => Math.exp(logit - top) / sum), predicted = logits.indexOf(top);
    const evidence = cells.map((cell) => cell[predicted]), low = Math.min(...evidence), high = Math.max(...evidence);
    return {
      norms, shares, predicted, logits, chosen: evidence.map((each) => each - low <= 0.5 * (high - low)),
      scores: { MSP: -Math.max(...shares), Energy: -(top + Math.log(sum)), MapNorm: -norms.reduce((a, b) => a + b) / norms.length },
    };
  }

  async function takeFile() {
    if (!file.files[0]) return;
    try {
      await scene.take(file.files[0]);
      look();
    } catch {
      words.say("This file could not be read as a picture; try another one.");
    }
  }
  function changed() {
    own.hidden = values.picture !== "own";
    clear.hidden = values.digit !== "drawn";
    look();
  }
  changed();

  // Tasks with a mark once they are done; answers are [without, with background loss].
  function taskList({ el }) {
    const isKnown = (digit) => /^[0-5]$/.test(digit), isUnseen = (digit) => /^[6-9]$/.test(digit);
    const list = [
      ["A digit 0 to 5 that both networks call unknown.", (digit, [a, b]) => isKnown(digit) && !a.known.MSP && !b.known.MSP],
      ["A digit 6 to 9 that both call known.", (digit, [a, b]) => isUnseen(digit) && a.known.MSP && b.known.MSP],
      ["A digit 6 to 9 that only the network with background loss calls unknown.", (digit, [a, b]) => isUnseen(digit) && a.known.MSP && !b.known.MSP],
      ["The other way round: one that only cross-entropy calls unknown.", (digit, [a, b]) => isUnseen(digit) && !a.known.MSP && b.known.MSP],
      ["No digit at all, and still one of them is 90% sure.", (digit, answers) => digit === "none" && answers.some((each) => Math.max(...each.shares) >= 0.9)],
    ].map(([text, done]) => ({ done, mark: el("span", { class: "touch-done" }), text }));
    return {
      element: el("ol", { class: "touch-tasks" }, list.map(({ text, mark }) => el("li", {}, text, " ", mark))),
      check: (...now) => list.forEach(({ done, mark }) => done(...now) && (mark.textContent = "✓ done")),
    };
  }
};
