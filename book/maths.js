// Formulas from TeX to SVG and MathML, one a line: {"tex", "display"} in, {"svg", "mathml"} or {"error"} out.
const MathJax = require(process.argv[2]);
const lines = require("readline").createInterface({ input: process.stdin });

MathJax.init({
  loader: { load: ["input/tex", "output/svg"] },
  // What TeX does not know is an error, not red letters on a page.
  tex: { packages: { "[-]": ["noundefined", "noerrors"] }, formatError: (jax, error) => { throw error; } },
  svg: { fontCache: "none" },
  startup: { typeset: false },
}).then((mathjax) => {
  const adaptor = mathjax.startup.adaptor;
  lines.on("line", (line) => {
    const { tex, display } = JSON.parse(line);
    let answer;
    try {
      const svg = adaptor.innerHTML(mathjax.tex2svg(tex, { display, em: 16, ex: 8, containerWidth: 1280 }));
      answer = { svg, mathml: mathjax.tex2mml(tex, { display }) };
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  });
});
