/** Access lists of Windows: what icacls is asked to do, and how its SDDL is read. test/windows/main-job.ts has it with Wine's access lists. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  accessInList,
  foreignAccess,
  restrictToOwner,
  type RunSystemProgram,
} from "../../../src/foundation/windows-acl.ts";
import { permissionCommand } from "../../../src/foundation/permission-advice.ts";

const own = "S-1-5-21-1111111111-2222222222-3333333333-1001";
const other = "S-1-5-21-1111111111-2222222222-3333333333-1002";
const mine = `(A;OICI;FA;;;${own})(A;OICI;FA;;;SY)`;

/** As `icacls /save` writes it. */
const saved = (list: string, name = "awsrole"): string => `\uFEFF${name}\r\n${list}\r\n`;

describe("what an access list allows others", () => {
  it.each([
    ["its user and the system", `D:PAI${mine}`, "none"],
    [
      "what %LOCALAPPDATA% hands down",
      `D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;FA;;;${own})`,
      "none",
    ],
    [
      "the built-in administrator, the owner and who makes a file",
      `D:P(A;;FA;;;LA)(A;;FA;;;OW)(A;OICIIO;FA;;;CO)`,
      "none",
    ],
    ["nothing, to each", "D:P", "none"],
    ["what it denies", `D:P(D;OICI;FA;;;WD)${mine}`, "none"],
    ["users, to read", `D:AI(A;OICIID;0x1200a9;;;BU)${mine}`, "read"],
    ["everybody, to read", `D:(A;OICI;FR;;;WD)${mine}`, "read"],
    [
      "what C:\\ hands down to signed-in users",
      `D:AI(A;OICIIOID;SDGXGWGR;;;AU)(A;ID;0x1301bf;;;AU)${mine}`,
      "write",
    ],
    ["another user, to add files", `D:(A;;0x2;;;${other})${mine}`, "write"],
    ["another user, to change the list", `D:(A;;WD;;;${other})${mine}`, "write"],
    ["another user, in files to come", `D:(A;OIIO;FW;;;${other})${mine}`, "write"],
    ["another user, on a condition", `D:(XA;;FA;;;${other})${mine}`, "write"],
    ["letters of a later Windows", `D:(A;;QQ;;;${other})${mine}`, "write"],
    ["everyone, by no list", "D:NO_ACCESS_CONTROL", "write"],
  ])("%s", (_, list, expected) => {
    expect(accessInList(saved(list), own)).toBe(expected);
  });

  it("is not what the folder's name pretends", () => {
    expect(accessInList(saved(`D:(A;;FA;;;WD)${mine}`, `x D:P${mine}`), own)).toBe("write");
  });

  it.each(["", saved(""), saved("D:(A;;FA"), saved('D:(XA;;FA;;;WD;(@User.x=="y"))')])(
    "is an error where there is no list that can be read: %j",
    (text) => {
      expect(() => accessInList(text, own)).toThrow("no SDDL");
    },
  );
});

/** Programs of Windows: whoami in another language, and icacls as `icacls` says. */
function windows(icacls: (args: readonly string[]) => void): RunSystemProgram {
  return (name, args) => {
    if (name === "whoami.exe") return `"firma\\jos\xE9","${own}"\r\n`;
    icacls(args);
    return "";
  };
}

describe("a folder on Windows", () => {
  it("is restricted to its user and the system by their SIDs, and cut off from its parent", () => {
    const asked: (readonly string[])[] = [];
    restrictToOwner(
      "C:\\a b",
      windows((args) => asked.push(args)),
    );
    expect(asked).toEqual([
      ["C:\\a b", "/inheritance:r", "/grant:r", `*${own}:(OI)(CI)F`, "*S-1-5-18:(OI)(CI)F"],
    ]);
  });

  it("has its list read from what icacls saves, of which nothing stays behind", () => {
    const scratch: string[] = [];
    const save = windows(([, option, file = ""]) => {
      expect(option).toBe("/save");
      scratch.push(file);
      writeFileSync(file, saved(`D:(A;;FA;;;${other})`), "utf16le");
    });
    expect(foreignAccess("C:\\state", save)).toBe("write");
    const [file = ""] = scratch;
    expect(() => rmSync(file)).toThrow("ENOENT");
  });

  it.each([
    ["cannot be set", (run: RunSystemProgram) => restrictToOwner("C:\\state", run)],
    ["cannot be read", (run: RunSystemProgram) => foreignAccess("C:\\state", run)],
  ])("says why its list %s", (what, work) => {
    const failing = windows(() => {
      throw new Error("icacls.exe exits with 5");
    });
    expect(() => work(failing)).toThrow(
      expect.objectContaining({
        code: "ERR_STORE_FAILED",
        message: `the access list of C:\\state ${what} (icacls.exe exits with 5)`,
      }),
    );
    expect(() => work(() => "no such option")).toThrow("whoami.exe shows no SID");
  });

  it("has no list where icacls does nothing", () => {
    const folder = mkdtempSync(join(tmpdir(), "awsrole-"));
    mkdirSync(join(folder, "state"));
    expect(() =>
      foreignAccess(
        join(folder, "state"),
        windows(() => {}),
      ),
    ).toThrow("cannot be read");
    rmSync(folder, { recursive: true });
  });
});

it("the advice for a folder covers what is in it, and needs no name in the system's language", () => {
  expect(permissionCommand("700", "C:\\state", "win32")).toBe(
    'icacls C:\\state /inheritance:r /grant:r "%USERNAME%:(OI)(CI)F" "*S-1-5-18:(OI)(CI)F"',
  );
  expect(permissionCommand("600", "C:\\key", "win32")).toBe(
    'icacls C:\\key /inheritance:r /grant:r "%USERNAME%:F" "*S-1-5-18:F"',
  );
});
