/* Builds everything a page loads that is not written by hand into callsphere/web/static/build/:
   app.css, the fonts, icons.svg (one sprite) and uplot.js. The folder is disposable and not committed. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const assets = dirname(fileURLToPath(import.meta.url));
const root = join(assets, "..", "..", "..");
const modules = join(root, "node_modules");
const build = join(assets, "..", "static", "build");

/* The subsets that customers' names and our own texts need; a browser fetches only those a page uses. */
const FONTS = ["geist/files/geist-latin", "geist/files/geist-latin-ext", "geist-mono/files/geist-mono-latin"];

function copyFonts() {
  mkdirSync(join(build, "fonts"), { recursive: true });
  for (const font of FONTS) {
    const name = `${font.split("/").at(-1)}-wght-normal.woff2`;
    copyFileSync(join(modules, "@fontsource-variable", `${font}-wght-normal.woff2`), join(build, "fonts", name));
  }
}

function copyCharts() {
  copyFileSync(join(modules, "uplot", "dist", "uPlot.iife.min.js"), join(build, "uplot.js"));
}

/** One <symbol> out of a Lucide file: its drawing without the frame, stroked a little thinner than upstream. */
function lucideSymbol(name, source) {
  const svg = readFileSync(join(modules, "lucide-static", "icons", `${source}.svg`), "utf8");
  const drawing = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  const stroke = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${stroke}>${drawing.replace(/\s+/g, " ").trim()}</symbol>`;
}

function writeSprite() {
  const icons = JSON.parse(readFileSync(join(assets, "icons.json"), "utf8"));
  const symbols = Object.entries(icons.lucide).map(([name, source]) => lucideSymbol(name, source));
  for (const [name, drawing] of Object.entries(icons.own)) {
    symbols.push(`<symbol id="${name}" viewBox="0 0 12 12" fill="currentColor">${drawing}</symbol>`);
  }
  const notice = "<!-- Lucide icons, ISC licence, lucide.dev; state marks are CallSphere's own -->";
  writeFileSync(
    join(build, "icons.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg">${notice}${symbols.join("")}</svg>\n`,
  );
}

function runTailwind(watch) {
  const cli = join(modules, ".bin", process.platform === "win32" ? "tailwindcss.cmd" : "tailwindcss");
  const args = ["-i", join(assets, "app.css"), "-o", join(build, "app.css"), "--minify"];
  const result = spawnSync(cli, watch ? [...args, "--watch"] : args, { cwd: root, stdio: "inherit" });
  if (result.error) throw result.error;
  process.exitCode = result.status ?? 1;
}

const watch = process.argv.includes("--watch");
mkdirSync(build, { recursive: true });
copyFonts();
copyCharts();
writeSprite();
runTailwind(watch);
