import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import type { z } from "zod";
import { type Setting, settingsTable } from "./settings-table";
import { type UnknownSetting, unknownSettings } from "./unknown-settings";

type Table = typeof settingsTable;

const quoted = /^(["'`]).*\1$/s;

/**
 * Returns names in the environment that were probably meant as settings. They are not an error: Kubernetes adds
 * variables, and a newer version may have more settings.
 */
export function unknownNames(environment: Readonly<Record<string, string | undefined>>): UnknownSetting[] {
  const known = Object.values<Setting>(settingsTable).flatMap(({ name, secret }) =>
    secret ? [name, `${name}_FILE`] : [name],
  );
  return unknownSettings(environment, known);
}

/** The validated and typed settings. Paths are absolute. */
export type Settings = { readonly [K in keyof Table]: z.output<Table[K]["schema"]> };

/** A setting is invalid. The message is one line: its name and the rule that it breaks. */
export class WrongSetting extends Error {
  override readonly name = "WrongSetting";
  constructor(
    readonly setting: string,
    problem: string,
  ) {
    super(`${setting} ${problem}`);
  }
}

/**
 * Reads all settings; no other code reads the environment. White space around a value is removed, and an empty value
 * counts as not set.
 * @param environment `process.env`, or the values of a test
 * @throws WrongSetting the first invalid setting, in the order of the table
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const settings: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting>(settingsTable)) {
    const text = textOf(setting, environment) ?? setting.default ?? undefined;
    if (text !== undefined && quoted.test(text)) {
      throw new WrongSetting(setting.name, "must not be in quotes: leave them out (docker --env-file keeps them)");
    }
    const read = setting.schema.safeParse(text);
    if (!read.success) {
      throw new WrongSetting(setting.name, read.error.issues[0]?.message ?? "is wrong");
    }
    settings[key] = read.data;
  }
  requireOwnPorts(settings as Settings);
  return settings as Settings;
}

/** Checks that the control plane and the two entry points of the gateway use different ports. */
function requireOwnPorts({ host, port, gatewayAddress, gatewayProbeAddress }: Settings): void {
  const taken = new Map<string, string>([[`${host}:${port}`, settingsTable.port.name]]);
  for (const [setting, address] of [
    [settingsTable.gatewayAddress, gatewayAddress],
    [settingsTable.gatewayProbeAddress, gatewayProbeAddress],
  ] as const) {
    const other = taken.get(address);
    if (other) throw new WrongSetting(setting.name, `must not be where ${other} is: each needs a port of its own`);
    taken.set(address, setting.name);
  }
}

/** Returns the environment of a child process: paths of the system, but no setting. */
export function childEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  const given = Object.entries({ PATH, HOME, TMPDIR }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), NODE_ENV: "production", ...more };
}

/**
 * Configures next-auth, which reads the origin of its addresses only from the environment. It must use the headers,
 * which this product creates itself, so other settings of next-auth are removed.
 */
export function prepareForNextAuth(): void {
  process.env.AUTH_TRUST_HOST = "true";
  for (const name of ["NEXTAUTH_URL", "NEXTAUTH_SECRET", "AUTH_SECRET", "VERCEL"]) delete process.env[name];
}

function textOf(setting: Setting, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const text = environment[setting.name]?.trim() || undefined;
  const fileName = `${setting.name}_FILE`;
  const file = setting.secret ? environment[fileName]?.trim() || undefined : undefined;
  if (file === undefined) return text;
  if (text !== undefined) throw new WrongSetting(fileName, `must not be set together with ${setting.name}`);
  try {
    return readSecretFile(file).trim() || undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unreadable";
    if (code === "writable")
      throw new WrongSetting(fileName, `must not name a file that everybody can write (${file})`);
    throw new WrongSetting(fileName, `must name a file that can be read (${file}: ${code})`);
  }
}

/** Reads a secret from a file. Any user may own a mounted secret, but a world-writable file is always a mistake. */
function readSecretFile(path: string): string {
  const file = openSync(path, "r");
  try {
    const found = fstatSync(file);
    if (found.isFile() && (found.mode & 0o002) !== 0 && process.platform !== "win32") {
      throw Object.assign(new Error("everybody can write it"), { code: "writable" });
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
