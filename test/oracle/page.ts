/** The table of docs/internals/oracle.md. */
import { rules } from "./rules.ts";
import type { Report } from "./run.ts";

/** Every rule with its part of the contract, its reason and the number of configs that it explains a difference of. */
export function countsTable({ rows, same, byRule }: Report): string {
  const lines = rules.map(
    ({ name, contract, why }) => `| \`${name}\` | ${contract} | ${byRule[name] ?? 0} | ${why} |`,
  );
  return `${rows} configs, ${same} of them alike in every place.\n\n| rule | contract | configs | what differs, and why |\n| --- | --- | --- | --- |\n${lines.join("\n")}\n`;
}
