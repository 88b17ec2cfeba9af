/**
 * `npm run picture`: docs/picture.svg, a terminal in which awsrole really ran. STS is the double on the loopback, HOME a temporary
 * folder, the keychain a private one; the output goes through a terminal emulator, and its screen becomes the picture.
 */
import { writeFileSync } from "node:fs";
import xterm from "@xterm/headless";
import { createDocsWorld } from "../test/support/docs-world.ts";
import { startKeychainDaemon } from "../test/support/keychain-daemon.ts";
import { runCommand } from "../test/support/run-awsrole.ts";
import { startAwsDouble } from "../test/support/aws-double.ts";

const columns = 84;
const cell = { width: 8.43, height: 20 };
const margin = 16;
/** The terminal's colours that occur. */
const palette: Readonly<Record<number, string>> = {
  1: "#ff7b72",
  2: "#7ee787",
  3: "#e3b341",
  6: "#76e3ea",
};
const session = [
  "awsrole add-profile prod --source-profile bob \\\n    --role-arn arn:aws:iam::123456789012:role/example-role --region eu-west-1",
  "awsrole whoami prod",
  "awsrole list",
  "awsrole exec prod -- printenv AWS_REGION AWS_CREDENTIAL_EXPIRATION",
  "awsrole logout prod",
];

writeFileSync("docs/picture.svg", draw(await readScreen(await record())));

/** Runs the session; what it printed, as a terminal would get it. */
async function record(): Promise<string> {
  const sts = await startAwsDouble();
  const keychain = await startKeychainDaemon();
  const world = createDocsWorld(sts, { withProd: false });
  const { AWSROLE_STORE: _store, ...own } = world.env;
  const env = { ...own, ...pick(keychain.env, ["DBUS_SESSION_BUS_ADDRESS"]), TERM: "xterm" };
  let shown = "";
  try {
    await runCommand(["awsrole", "remove-profile", "staging", "--quiet"], { env });
    for (const command of session) {
      // `script` gives it a terminal; stderr would warn of this clone's own place.
      const { stdout, code } = await runCommand(
        ["script", "-qec", `stty cols ${columns} -onlcr; ${command} 2>/dev/null`, "/dev/null"],
        { env },
      );
      if (code !== 0) throw new Error(`${command} ended with ${code}: ${stdout}`);
      shown += `\u001B[32m$\u001B[39m \u001B[1m${command}\u001B[22m\n${stdout}\n`;
    }
  } finally {
    await world.remove();
    await keychain.stop();
    await sts.close();
  }
  return shown
    .replaceAll("\r", "")
    .replaceAll(world.path, "/home/bob")
    .replaceAll(/(example-role[/:]|AROA\w+:)(?!bob)[\w.@-]+$/gm, "$1bob")
    .trimEnd();
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

/** What the terminal shows, each line as SVG spans: one per run of one style. */
async function readScreen(text: string): Promise<readonly string[]> {
  const rows = text.split("\n").length + 10;
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    convertEol: true,
    allowProposedApi: true,
  });
  await new Promise<void>((done) => terminal.write(text, done));
  const lines: string[] = [];
  for (let y = 0; y < rows; y += 1) {
    const line = terminal.buffer.active.getLine(y);
    let spans = "";
    let run = { style: "", text: "" };
    const flush = (): void => {
      if (run.text !== "") spans += `<tspan${run.style}>${escape(run.text)}</tspan>`;
    };
    for (let x = 0; x < columns; x += 1) {
      const cell = line?.getCell(x);
      const style = `${cell?.isBold() ? ' class="b"' : ""}${cell?.isFgPalette() ? ` fill="${palette[cell.getFgColor()] ?? "#d0d7de"}"` : ""}`;
      const character = cell?.getChars() || " ";
      if (style !== run.style) {
        flush();
        run = { style, text: "" };
      }
      run.text += character;
    }
    run.text = run.text.trimEnd();
    flush();
    lines.push(spans);
  }
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}

function draw(lines: readonly string[]): string {
  const [width, height] = [
    columns * cell.width + 2 * margin,
    lines.length * cell.height + 3 * margin,
  ];
  const texts = lines.map(
    (line, y) =>
      `<text xml:space="preserve" x="${margin}" y="${2 * margin + (y + 1) * cell.height - 5}">${line}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    "<title>A terminal session with awsrole</title>",
    "<!-- Made by `npm run picture` from a real run. -->",
    "<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d0d7de;white-space:pre}.b{font-weight:bold}</style>",
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map(
      (fill, at) => `<circle cx="${margin + 6 + at * 20}" cy="${margin}" r="6" fill="${fill}"/>`,
    ),
    ...texts,
    "</svg>",
    "",
  ].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
