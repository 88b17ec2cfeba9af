/**
 * `npm run check`, after a build: every link of every page leads to a file, and in headless Chromium no page is wider than the
 * window at 400 and 1200 px, light and dark. Pictures of some, to be looked at, go to the folder that is given. Node 22 or later (WebSocket); CHROMIUM names the browser.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, posix } from "node:path";

const dist = join(import.meta.dirname, ".vitepress", "dist");
const [pictures] = process.argv.slice(2);
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const fileOf = (path) =>
  [path, `${path}.html`, posix.join(path, "index.html")]
    .map((name) => join(dist, name))
    .find((file) => existsSync(file) && extname(file) !== "");
const pages = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".html") && file !== "404.html",
);
const problems = [];

for (const page of pages)
  for (const [, href = ""] of readFileSync(join(dist, page), "utf8").matchAll(
    /<a [^>]*?href="([^"]+)"/g,
  )) {
    if (/^[a-z]+:|^#/.test(href)) continue;
    const path = decodeURI(href.split("#")[0] ?? "");
    if (!fileOf(path.startsWith("/") ? path : posix.join("/", posix.dirname(page), path)))
      problems.push(`${page}: dead link ${href}`);
  }

const server = createServer((request, response) => {
  const file = fileOf(decodeURI(new URL(request.url ?? "/", "http://x").pathname));
  response.writeHead(file ? 200 : 404, {
    "content-type": types[extname(file ?? "")] ?? "text/plain",
  });
  response.end(file ? readFileSync(file) : "");
}).listen(0, "127.0.0.1");
await new Promise((done) => server.once("listening", done));
const profile = mkdtempSync(join(tmpdir(), "awsrole-site-"));
const browser = spawn(
  process.env["CHROMIUM"] ?? "chromium",
  [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    "about:blank",
  ],
  { stdio: ["ignore", "ignore", "pipe"] },
);
try {
  let text = "";
  for await (const chunk of browser.stderr.setEncoding("utf8"))
    if (/ws:\/\/\S+/.test((text += chunk))) break;
  const { port } = new URL(/ws:\/\/\S+/.exec(text)[0]);
  const [target] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((done) => socket.addEventListener("open", done, { once: true }));
  let last = 0;
  const send = (method, params = {}) =>
    new Promise((done) => {
      const id = ++last;
      const listen = ({ data }) => {
        const answer = JSON.parse(data);
        if (answer.id !== id) return;
        socket.removeEventListener("message", listen);
        done(answer.result);
      };
      socket.addEventListener("message", listen);
      socket.send(JSON.stringify({ id, method, params }));
    });
  const valueOf = async (expression) =>
    (await send("Runtime.evaluate", { expression, returnByValue: true })).result.value;
  const wanted = pages.filter((page) => !page.startsWith("internals"));
  for (const page of wanted) {
    const path = `/${page.replace(/(?:index)?\.html$/, "")}`;
    await send("Page.navigate", { url: `http://127.0.0.1:${server.address().port}${path}` });
    const isThere = `decodeURI(location.pathname) === ${JSON.stringify(path)} && !!document.querySelector(".VPDoc h1")`;
    for (let tries = 0; tries < 100 && !(await valueOf(isThere)); tries++)
      await new Promise((done) => setTimeout(done, 20));
    if (!(await valueOf(isThere))) problems.push(`${page}: does not open`);
    for (const width of [400, 1200])
      for (const scheme of ["light", "dark"]) {
        await send("Emulation.setDeviceMetricsOverride", {
          width,
          height: 900,
          deviceScaleFactor: 1,
          mobile: width < 500,
        });
        await send("Emulation.setEmulatedMedia", {
          features: [{ name: "prefers-color-scheme", value: scheme }],
        });
        const wide = await valueOf("document.documentElement.scrollWidth");
        if (wide > width) problems.push(`${page}: ${wide} px wide at ${width}`);
        if (
          pictures &&
          /^(?:index|tutorial|explanation.comparison|zh-TW.tutorial)\.html$/.test(page)
        ) {
          await new Promise((done) => setTimeout(done, 300));
          const { data } = await send("Page.captureScreenshot");
          writeFileSync(
            join(pictures, `${page.replaceAll("/", "-")}-${width}-${scheme}.png`),
            Buffer.from(data, "base64"),
          );
        }
      }
  }
  socket.close();
} finally {
  browser.kill();
  await new Promise((done) => browser.once("close", done));
  server.close();
  server.closeAllConnections();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
process.stdout.write(
  `${[...problems, `${pages.length} pages, ${problems.length} problems`].join("\n")}\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
