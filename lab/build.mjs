// Builds the one module, and the licences of what it carries, where Python finds them.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";

const target = new URL("../src/inscape/lab/bundle/", import.meta.url);
await build({
  entryPoints: ["src/index.ts"],
  outfile: new URL("lab.js", target).pathname,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  loader: { ".css": "text" },
  logLevel: "warning",
});
const carried = ["gifenc"].map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const text = readFileSync(`node_modules/${name}/LICENSE.md`, "utf8").trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(new URL("LICENSES.txt", target), carried.join("\n\n"));
