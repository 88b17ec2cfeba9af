import { printJson } from "../../cli/output.ts";
import { defineCommand } from "../../cli/command.ts";
import { heading } from "../../cli/style.ts";
import { readAwsFiles } from "../../config/files.ts";
import { homesWarning } from "../../config/paths.ts";
import { printNotice } from "../../cli/messages.ts";
import { type Hop, resolveChain } from "../../credentials/chain.ts";
import { rowsOf } from "../../sessions/delete-items.ts";
import { listSignIns } from "../../sessions/sign-ins.ts";
import { requireProfileName } from "../../sessions/fetch-credentials.ts";
import { consumersOf } from "../../clients/sdk-behavior.ts";
import { explainChain } from "../../clients/chain-report.ts";
import { printConsumers, printExplanation } from "./report.ts";
import { printSummary } from "./summary.ts";

export default defineCommand({
  usage: "explain [NAME]",
  summary: "show how a profile resolves, hop by hop, and what each SDK does with it",
  description:
    "Shows for each hop which call creates its session, who signs it, how long it lasts, where an MFA code is needed and why, whether a session is cached, what changed since, and where every setting is. It only reads files: it runs no program, uses no network and opens no secret. For a profile that awsrole refuses, it shows what other programs do with it.",
  positionals: { NAME: { describe: "the profile (default: AWS_PROFILE)" } },
  options: {
    verbose: {
      type: "boolean",
      default: false,
      describe: "show every hop, setting and program, and what the cache key is made of",
    },
  },
  examples: [
    { command: "awsrole explain prod", says: "show the chain of prod in short" },
    { command: "awsrole explain prod --verbose", says: "show all of it" },
    { command: "awsrole explain prod --json", says: "print JSON for programs" },
  ],
  usesAwsProfile: true,
  async run(context, args) {
    const profile = requireProfileName(args.positionals["NAME"], "explain [NAME]");
    const files = readAwsFiles(context.env, context.platform);
    const consumers = consumersOf(files, profile);
    const homes = homesWarning(context.env, context.platform);
    if (homes !== undefined && !args.quiet) printNotice(context, homes);
    const styled = (text: string): string => heading(context, text);
    let hop: Hop;
    try {
      hop = resolveChain(files, profile, context.env);
    } catch (error) {
      // What awsrole refuses, SDKs use in ways of their own: that is when a person wants to know.
      const isKnown = files.profile(profile) !== undefined || consumers.mixture !== undefined;
      if (!args.json && isKnown) context.stdout(printConsumers(profile, consumers, styled));
      throw error;
    }
    const rows = await rowsOf(context).list();
    const chain = explainChain(files, hop, {
      rows,
      now: context.clock.now(),
      env: context.env,
      signIns: await listSignIns(context, files),
    });
    if (!args.json) {
      context.stdout(
        args.verbose
          ? printExplanation({ profile, chain, consumers }, styled, context.homeFolder)
          : printSummary(
              {
                profile,
                chain,
                consumers,
                now: context.clock.now(),
                isTerminal: context.isTerminal,
              },
              styled,
            ),
      );
      return 0;
    }
    const [{ cache = { state: "none", why: "credentials of this kind are not cached" } } = {}] =
      chain;
    const steps = chain.flatMap((step) =>
      step.mfa === undefined ? [] : [{ profile: step.profile, ...step.mfa }],
    );
    const mfa = { asked: steps.some(({ asked }) => asked), steps };
    printJson(context, {
      profile,
      chain,
      mfa,
      cache,
      consumers: consumers.does,
      mixture: consumers.mixture,
      notes: consumers.notes,
    });
    return 0;
  },
});
