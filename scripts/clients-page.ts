/** docs/reference/clients.md: what AWS's clients do with mixtures of ingredients, from the measurements. */
import { type Client, clientNames, outcomes } from "../src/clients/client-names.ts";
import { ingredientNames } from "../src/clients/ingredients.ts";
import { measuredOutcome } from "../src/clients/measured.ts";
import { measuredClients, measurements } from "../src/clients/measurements.ts";

/** The page; mixtures of more than two ingredients are listed where clients differ. */
export function clientsPage(): string {
  const clients = [...measuredClients.keys()];
  const mixtures = Object.keys(measurements).filter((mixture) => isListed(mixture, clients));
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    "# What AWS's clients do with a profile",
    "",
    "AWS's SDKs disagree where a profile has several ways to credentials. Nothing in these tables is believed: `npm run measure-clients` puts every mixture to every client, in a network of its own in which all of AWS answers, and sees with which key each comes out. `explain` and `doctor` read the same data.",
    "",
    "A profile that awsrole manages is `credential_process` alone.",
    "",
    row(["client", "release", "measured"]),
    row(["---", "---", "---"]),
    ...clients.map((client) => {
      const { version, date } = measuredClients.get(client) ?? { version: "", date: "" };
      return row([clientNames[client], version, date]);
    }),
    ...(Object.keys(clientNames) as Client[])
      .filter((client) => !measuredClients.has(client))
      .map((client) => row([clientNames[client], "", "not measured"])),
    "",
    "## Words",
    "",
    ...Object.entries(outcomes).map(([word, says]) => `- \`${word}\`: ${says}`),
    "",
    "## Ingredients",
    "",
    `${ingredientNames.map((name) => `\`${name}\``).join(", ")}. \`credential_source\` is the instance's own credentials; \`key in config\` and \`key in credentials\` are static keys in either file; \`keys in capitals\` is \`AWS_ACCESS_KEY_ID = …\` in the config file; \`spaces in the header\` is \`[ profile p ]\`; \`quoted header\` is \`[profile "p"]\`; \`another sso_region\` contradicts the sso-session. Every profile has a region unless it is said to have none.`,
    "",
    "## Mixtures",
    "",
    "All single ingredients and pairs, and those larger ones in which clients differ.",
    "",
    row(["profile", ...clients.map((client) => clientNames[client])]),
    row(["---", ...clients.map(() => "---")]),
    ...mixtures.map((mixture) =>
      row([mixture, ...clients.map((client) => measuredOutcome(mixture, client) ?? "–")]),
    ),
    "",
  ].join("\n");
}

function isListed(mixture: string, clients: readonly Client[]): boolean {
  if (mixture.split(" + ").length <= 2) return true;
  const found = clients.flatMap((client) => measuredOutcome(mixture, client) ?? []);
  return new Set(found).size > 1;
}
