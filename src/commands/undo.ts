import { defineCommand } from "../cli/command.ts";
import { undoLastEdit } from "../profiles/edit-config.ts";
import { reportChange } from "../profiles/change-report.ts";
import { writeOptions } from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "undo",
  summary: "take back awsrole's last change of ~/.aws/config",
  description:
    "Works for the last ten changes, one after the other, as long as nothing else has changed the file since.",
  options: { "dry-run": writeOptions["dry-run"] },
  examples: [{ command: "awsrole undo --dry-run", says: "show what would be taken back" }],
  async run(context, args) {
    const { action, change } = await undoLastEdit(context, args["dry-run"]);
    reportChange(context, args, change, {
      facts: { action, undoable: false },
      done: `took back: ${action}`,
    });
    return 0;
  },
});
