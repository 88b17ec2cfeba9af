/** The least that a program costs that has yargs parse its command line, as yargs' own page has it. */
import yargs from "yargs";

await yargs(["list"])
  .command("list", "every profile", {}, () => console.log("prod"))
  .parse();
