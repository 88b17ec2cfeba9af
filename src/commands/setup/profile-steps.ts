/** The steps at ~/.aws/config: a profile for the user's key, and one for the role, whose source is the first. */
import { mfaDeviceProblem } from "../../config/mfa-device.ts";
import type { Document } from "../../config/document.ts";
import { readSettings } from "../../config/document.ts";
import { addSection, deleteKey, setKey } from "../../config/edit.ts";
import type { AwsFiles } from "../../config/files.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { writeKeyProfile } from "../../keys/key-profile.ts";
import { assertNotShadowed } from "../../profiles/preflight.ts";
import { findKey, requireKey } from "./key-step.ts";
import { commandLine } from "../../foundation/shell-quote.ts";
import type { State, Step } from "./step.ts";
import type { SetupContext } from "./context.ts";

export function profileSteps(world: SetupContext): readonly Step[] {
  return [userProfileStep(world), roleProfileStep(world)];
}

function userProfileStep(world: SetupContext): Step {
  const { userProfile } = world.plan;
  const write = (files: AwsFiles, accessKeyId: string): Document => {
    assertNotShadowed(files, userProfile);
    const isNew = readSettings(files.config, "profile", userProfile) === undefined;
    const edited = writeKeyProfile(
      files.config,
      userProfile,
      accessKeyId,
      world.processLine(userProfile),
    );
    const id = { kind: "profile", name: userProfile } as const;
    return isNew
      ? world.connectionSettings.reduce(
          (text, [key, value]) => setKey(text, id, key, value),
          edited,
        )
      : edited;
  };
  return {
    title: `profile ${userProfile}`,
    commands: ["# created by awsrole add-key", ...configureWay(world, userProfile)],
    check: commandLine("awsrole", "whoami", userProfile),
    async look() {
      const files = world.readFiles();
      const key = await findKey(world);
      // What forbids the profile is said even before there is a key.
      write(files, key?.accessKeyId ?? "AKIA0000000000000000");
      const named = readSettings(files.config, "profile", userProfile)?.get(
        "awsrole_access_key_id",
      )?.value;
      return key !== undefined && named === key.accessKeyId ? "right" : "missing";
    },
    async make() {
      const { accessKeyId } = await requireKey(world);
      await world.editConfig(`setup ${world.plan.name}`, (files) => write(files, accessKeyId));
    },
    verify: async () => `in ${world.readFiles().config.file}, without the secret`,
  };
}

function roleProfileStep(world: SetupContext): Step {
  const { plan } = world;
  const { name, userProfile, roleArn } = plan;
  const options = [
    "--role-arn",
    roleArn,
    "--source-profile",
    userProfile,
    ...(plan.mfa ? ["--mfa-serial", plan.mfaSerial] : []),
    ...world.connectionSettings.flatMap(([key, value]) =>
      key === "region" ? ["--region", value] : [],
    ),
  ];
  return {
    title: `profile ${name}`,
    commands: [
      commandLine("awsrole", "add-profile", name, ...options),
      ...configureWay(world, name).filter((line) => !line.includes(" set region ")),
    ],
    check: commandLine("awsrole", "config", name),
    look: async () => stateOfRoleProfile(world, world.readFiles(), await mfaSerialOf(world)),
    async make(state) {
      const serial = await mfaSerialOf(world);
      await world.editConfig(`setup ${name}`, (files) => {
        assertNotShadowed(files, name);
        const id = { kind: "profile", name } as const;
        if (state === "different") {
          return serial === undefined
            ? deleteKey(files.config, id, "awsrole_mfa_serial")
            : setKey(files.config, id, "awsrole_mfa_serial", serial);
        }
        return addSection(files.config, id, [
          ["credential_process", world.processLine(name)],
          ...world.connectionSettings,
          ["awsrole_role_arn", roleArn],
          ["awsrole_source_profile", userProfile],
          ...(serial === undefined ? [] : [["awsrole_mfa_serial", serial] as const]),
        ]);
      });
    },
    verify: async () => `in ${world.readFiles().config.file}: ${roleArn}, from ${userProfile}`,
  };
}

function configureWay({ connectionSettings }: SetupContext, profile: string): readonly string[] {
  return connectionSettings.map(([key, value]) =>
    commandLine("aws", "configure", "set", key, value, "--profile", profile),
  );
}

/** The user's own device where it has one already. */
async function mfaSerialOf({ plan, admin, userKeys }: SetupContext): Promise<string | undefined> {
  if (!plan.mfa) return undefined;
  if ((await admin.findUser(plan.user)) === undefined) return plan.mfaSerial;
  const serials = await userKeys.listMfaDevices();
  // A security key or passkey gives no code.
  return serials.find((serial) => mfaDeviceProblem(serial) === undefined) ?? plan.mfaSerial;
}

function stateOfRoleProfile(
  { plan }: SetupContext,
  files: AwsFiles,
  serial: string | undefined,
): State {
  const { name, roleArn, userProfile } = plan;
  assertNotShadowed(files, name);
  const settings = readSettings(files.config, "profile", name);
  if (settings === undefined) return "missing";
  const isRole =
    settings.get("awsrole_role_arn")?.value === roleArn &&
    settings.get("awsrole_source_profile")?.value === userProfile;
  if (isRole) return settings.get("awsrole_mfa_serial")?.value === serial ? "right" : "different";
  const [first] = settings.values();
  throw new AwsRoleError(
    "ERR_PROFILE_EXISTS",
    `profile ${name} already exists, and is not ${roleArn} from ${userProfile} (${files.config.file}:${first?.line ?? 1})`,
    { hint: "choose another NAME for the setup, or remove that profile first" },
  );
}
