import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refusalOf, sessionBusPlaces } from "../../../../../src/stores/keychain/dbus/address.ts";
import { titled } from "../../../../support/installed.ts";

const onWindows = process.platform === "win32" ? "there are no owners" : undefined;
const notRoot = process.getuid?.() === 0 ? undefined : "only root can make another user's socket";
const standard = "/run/user/7/bus";

describe("the session's bus", () => {
  it.each([
    [{ DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/bus" }, ["/run/bus", standard]],
    [{ DBUS_SESSION_BUS_ADDRESS: "unix:guid=12,path=/run/a%20b%c3%a9" }, ["/run/a bé", standard]],
    [
      { DBUS_SESSION_BUS_ADDRESS: "tcp:host=x,port=1;unix:path=/run/second,guid=1" },
      ["/run/second", standard],
    ],
    [
      { DBUS_SESSION_BUS_ADDRESS: "unix:abstract=/tmp/dbus-x,guid=1" },
      ["abstract /tmp/dbus-x", standard],
    ],
    [
      { DBUS_SESSION_BUS_ADDRESS: "unix:runtime=yes", XDG_RUNTIME_DIR: "/run/user/1" },
      ["/run/user/1/bus", standard],
    ],
    [
      { DBUS_SESSION_BUS_ADDRESS: "unix:path=/tmp/dbus-old", XDG_RUNTIME_DIR: "/run/user/7" },
      ["/tmp/dbus-old", standard],
    ],
    [{ XDG_RUNTIME_DIR: "/run/user/1" }, ["/run/user/1/bus", standard]],
    [{ DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "relative" }, [standard]],
    [{ DBUS_SESSION_BUS_ADDRESS: "autolaunch:" }, [standard]],
    [{}, [standard]],
    [{ DBUS_SESSION_BUS_ADDRESS: "tcp:host=x,port=1", XDG_RUNTIME_DIR: "/run/user/7" }, []],
    [{ DBUS_SESSION_BUS_ADDRESS: "disabled:" }, []],
    [{ DBUS_SESSION_BUS_ADDRESS: "rubbish" }, []],
  ])("is looked for where %o says, then in the standard places", (env, places) => {
    expect(
      sessionBusPlaces(env, 7).map((place) =>
        place.kind === "socket" ? place.path : `abstract ${place.name}`,
      ),
    ).toEqual(places);
  });
});

describe.skipIf(onWindows !== undefined)(titled("a bus's socket", onWindows), () => {
  let base: string;
  let server: Server;
  let socket: string;
  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), "awsrole-address-"));
    mkdirSync(join(base, "in"));
    socket = join(base, "in", "bus");
    server = createServer().listen(socket);
    await new Promise((resolve) => server.once("listening", resolve));
  });
  afterEach(() => {
    server.close();
    rmSync(base, { recursive: true, force: true });
  });
  const refusal = (path = socket) => refusalOf({ kind: "socket", path });

  it("is used when it is ours, also by a link of ours", () => {
    expect(refusal()).toBeUndefined();
    symlinkSync("in/bus", join(base, "link"));
    expect(refusal(join(base, "link"))).toBeUndefined();
  });

  it("is absent, or refused with the reason when it is something else", () => {
    expect(refusal(join(base, "in/other"))).toMatchObject({ absent: true });
    writeFileSync(join(base, "file"), "");
    expect(refusal(join(base, "file"))).toEqual({
      absent: false,
      why: `${join(base, "file")} is not a socket`,
    });
    expect(refusalOf({ kind: "socket", path: "bus" })).toMatchObject({ absent: false });
    expect(refusalOf({ kind: "abstract", name: "/tmp/dbus-x" })).toMatchObject({
      absent: false,
      why: expect.stringContaining("abstract socket /tmp/dbus-x"),
    });
  });

  it("is refused in a folder where any user can put another", () => {
    chmodSync(join(base, "in"), 0o777);
    expect(refusal()).toEqual({
      absent: false,
      why: `${join(base, "in")} can be written by every user`,
    });
    chmodSync(join(base, "in"), 0o1777);
    expect(refusal()).toBeUndefined();
  });

  it.skipIf(notRoot !== undefined)(titled("is refused when it is not ours", notRoot), () => {
    chownSync(socket, 12345, 12345);
    expect(refusal()).toEqual({
      absent: false,
      why: `${socket} belongs to another user (uid 12345)`,
    });
  });
});
