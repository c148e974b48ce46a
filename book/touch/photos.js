// Photographs that may be shown, and the lengths of their cells under networks trained in several ways.
(() => {
  // How many of the pictures each network knows by a score: [known, all].
  const counts = (networks, score, view) =>
    networks.map(({ scores }) => {
      const signs = [...scores[score].known[view]];
      return [signs.filter((sign) => sign === "1").length, signs.filter((sign) => sign !== "-").length];
    });

  function explorer(stage, { controls: described, data }, ui) {
    const { el, percent } = ui;
    const views = described.view.options, last = data.pictures.length;
    const networks = data.networks.map((network) => ({
      ...network, norms: Object.fromEntries(Object.entries(network.norms).map(([view, packed]) => [view, ui.unpack(packed)])),
    }));
    const { values, set, elements } = ui.controls(described, draw);
    const picture = el("img", { class: "touch-photo", width: 256, height: 256 });
    const lacking = el("p", { class: "touch-lacking" });
    const columns = networks.map(({ title }) => {
      const map = ui.normMap(title, 168);
      const [likeliest, verdict] = [el("span", {}), el("span", { class: "touch-verdict" })];
      return { map, likeliest, verdict, element: el("figure", {}, map.element, el("figcaption", {}, el("b", {}, title), likeliest, verdict)) };
    });
    const maps = el("div", { class: "touch-maps" }, columns.map((column) => column.element));
    const words = ui.words(), note = el("p", { class: "touch-note" });
    const rows = el("tbody", {});
    const table = el("table", { class: "touch-figures" },
      el("thead", {}, el("tr", {}, ["of all of these pictures, known", ...views.map(([, title]) => title)].map((head) => el("th", { scope: "col" }, head)))), rows);
    const step = (by) => set("picture", ((values.picture - 1 + by + last) % last) + 1);

    function draw() {
      const i = values.picture - 1, { view, score } = values;
      const { kind, name, views: there } = data.pictures[i], shown = there[view];
      const called = views.find(([each]) => each === view)[1];
      picture.hidden = maps.hidden = !shown;
      lacking.hidden = Boolean(shown);
      lacking.textContent = "Beside the animal there is no square of 40 pixels.";
      if (shown) {
        picture.src = `data:image/jpeg;base64,${shown.jpeg}`;
        picture.alt = `A ${kind} (${name.replaceAll("_", " ")}): ${called}.`;
        const background = ui.unpack(shown.cells).values;
        columns.forEach(({ map, likeliest, verdict }, j) => {
          const network = networks[j], norms = network.norms[view], size = norms.values.length / norms.shape[0];
          const known = network.scores[score].known[view][i] === "1";
          map.update(norms.values.subarray(i * size, (i + 1) * size), data.vmax, values.mask ? [...background] : null);
          likeliest.textContent = `${network.classes[network.likeliest[view][i]]}, ${percent(network.confidence[view][i])}`;
          verdict.textContent = known ? "known" : "unknown";
          verdict.style.borderColor = ui.colour(known ? "id" : "ood");
          map.element.setAttribute("aria-label", `Lengths of cells, ${network.title}: ${norms.shape[1]} by ${norms.shape[1]}`);
        });
      }
      const said = networks.map((network) => `${network.title} ${{ 1: "known", 0: "unknown" }[network.scores[score].known[view][i]]}`);
      words.say(shown ? `Picture ${i + 1}, a ${kind}: ${called}. By ${data.scores[score]}: ${said.join(", ")}.` : `Picture ${i + 1}, a ${kind}. ${lacking.textContent}`);
      rows.replaceChildren(...networks.map(({ title }, j) =>
        el("tr", {}, el("th", { scope: "row" }, title), views.map(([each]) => {
          const [known, all] = counts(networks, score, each)[j];
          return el("td", {}, `${known} of ${all}`);
        }))));
      note.textContent =
        `Known: ${data.scores[score]} does not exceed the threshold that 95% of the network's own ID validation images pass. One training each (n = 1), ID accuracy ` +
        `${networks.map(({ title, accuracy }) => `${title} ${percent(accuracy, 1)}`).join(", ")}. So few pictures are an illustration, no measurement; and a mask marks one animal, so a square may hold another (picture 2). Picture: ${name}, ${data.credit}.`;
    }

    stage.append(
      elements.picture, el("p", { class: "touch-row" }, ui.button("Previous", () => step(-1)), ui.button("Next", () => step(1))),
      el("div", { class: "touch-columns" }, elements.view, elements.score), elements.mask,
      picture, lacking, maps, ui.normBar(data.vmax), words.element, table, note,
    );
    draw();
  }
  bgoodTouch.explorers.photos = Object.assign(explorer, { counts });
})();
