/** `npm run docs`: writes the pages that are made from the code. */
import { writeFileSync } from "node:fs";
import { clientsPage } from "./clients-page.ts";
import { commandReference } from "./command-reference.ts";
import { manPage } from "./man-page.ts";
import { programsPage } from "./programs-page.ts";
import { jsonReference } from "./json-reference.ts";

writeFileSync("docs/reference/commands.md", await commandReference());
writeFileSync("man/awsrole.1", await manPage());
writeFileSync("docs/reference/json.md", await jsonReference());
writeFileSync("docs/reference/clients.md", clientsPage());
writeFileSync("docs/reference/programs.md", programsPage());
