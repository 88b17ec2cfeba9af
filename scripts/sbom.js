/**
 * Prints a CycloneDX list of what a release contains (npm run sbom): npm's own, without what only development needs. npm takes
 * bundled packages for such, because nobody installs them.
 */
import { root } from "./bundle.js";
import { npm } from "./npm.js";
import { shippedPackages } from "./shipped-packages.js";

const words = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
const all = JSON.parse(npm(words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 }));
const shipped = new Set(shippedPackages().map(({ name, version }) => `${name}@${version}`));
const components = all.components
  .filter((component) => shipped.has(component["bom-ref"]))
  .map(({ scope: _isOptional, ...component }) => ({
    ...component,
    properties: component["properties"].filter(
      ({ name }) => name !== "cdx:npm:package:development",
    ),
  }));
if (components.length !== shipped.size)
  throw new Error(`npm lists ${components.length} of ${shipped.size} packages`);
const known = new Set([all.metadata.component["bom-ref"], ...shipped]);
const dependencies = all.dependencies
  .filter(({ ref }) => known.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => known.has(one)) }));
console.log(JSON.stringify({ ...all, components, dependencies }, undefined, 2));
