import { Secret, TOTP } from "otpauth";
import { expect } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { type Authenticator, type Odd, openAuthenticator } from "./authenticator";
import { type Browser, openBrowser } from "./browser";
import { type GivenPerson, givenMember, givenPerson } from "./people";
import { readRows } from "./rows/table";
import { registerSecret } from "./secrets";
import { type GivenOrganization, testOrigin, type World } from "./world";

let lastAddress = 0;

/** Returns an address that no other test uses, because limits count by address. */
export function freshAddress(): string {
  lastAddress += 1;
  return `198.18.${lastAddress >> 8}.${lastAddress & 255}`;
}

export interface SignedIn {
  readonly person: GivenPerson;
  readonly browser: Browser;
}

/** Creates a person and signs them in by password in a new browser. */
export async function givenSignedIn(
  world: World,
  organization: GivenOrganization,
  origin: string = testOrigin,
): Promise<SignedIn> {
  const person = await givenPerson(world);
  await givenMember(world, organization.organizationId, person, "owner");
  const browser = browserOf(world, origin);
  await showPassword(browser, person);
  return { person, browser };
}

export function browserOf(world: World, origin: string = testOrigin): Browser {
  return openBrowser(world, { origin, ip: origin === testOrigin ? freshAddress() : "127.0.0.1" });
}

export async function showPassword(browser: Browser, { email, password }: GivenPerson, fields = {}): Promise<void> {
  const { status, text } = await browser.signIn("password", { email, password, ...fields });
  expect(status, text).toBe(200);
}

/** Returns the code of an authenticator app with this secret, `steps` steps from now. */
export function codeOf(secret: string, now: Date, steps = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: 30, algorithm: "SHA1" });
  return totp.generate({ timestamp: now.getTime() + steps * 30_000 });
}

/** Enrols an authenticator app and confirms it. This uses up the current code. */
export async function enrolTotp(
  world: World,
  browser: Browser,
): Promise<{ readonly secret: string; readonly recoveryCodes: readonly string[] }> {
  const enrolled = await browser.call<{ secret: string }>("auth.totp.enrol");
  expect(enrolled.status, JSON.stringify(enrolled.error)).toBe(200);
  const secret = registerSecret(enrolled.data.secret);
  const code = codeOf(secret, world.runtime.clock.now());
  const confirmed = await browser.call<{ recoveryCodes: string[] }>("auth.totp.confirm", { code });
  expect(confirmed.status, JSON.stringify(confirmed.error)).toBe(200);
  for (const each of confirmed.data.recoveryCodes) registerSecret(each);
  return { secret, recoveryCodes: confirmed.data.recoveryCodes };
}

interface EnrolOptions {
  challenge: string;
  rp: { id: string; name: string };
  user: { id: string };
}

/** Enrols a passkey of a new authenticator. */
export async function enrolPasskey(
  browser: Browser,
  { name = "Laptop", origin = testOrigin, odd = {} }: { name?: string; origin?: string; odd?: Odd } = {},
) {
  const authenticator = openAuthenticator(origin);
  const options = await browser.call<EnrolOptions>("auth.passkeys.enrolOptions");
  expect(options.status, JSON.stringify(options.error)).toBe(200);
  const answer = await browser.call<{ passkeyId: string; recoveryCodes: string[] | null }>("auth.passkeys.enrol", {
    response: authenticator.create(options.data, odd),
    name,
  });
  return { authenticator, answer, options: options.data };
}

export async function askChallenge(browser: Browser, secondFactor = false) {
  const answer = await browser.call<{ challenge: string; rpId: string; allowCredentials: { id: string }[] }>(
    "auth.passkeys.challenge",
    { secondFactor },
  );
  expect(answer.status, JSON.stringify(answer.error)).toBe(200);
  return answer.data;
}

/** Signs in by passkey: requests a challenge and answers it. */
export async function showPasskey(
  browser: Browser,
  authenticator: Authenticator,
  { secondFactor = false, odd = {} }: { secondFactor?: boolean; odd?: Odd } = {},
) {
  const options = await askChallenge(browser, secondFactor);
  return browser.signIn("passkey", { response: JSON.stringify(authenticator.get(options, odd)) });
}

/** Returns the `reason`s of the refused attempts about a person in the audit log, oldest first. */
export async function refusedReasons(world: World, userId: string): Promise<string[]> {
  const rows = await readRows(world.db.owner, auditEntries, { outcome: "refused" });
  return rows
    .filter(({ objectId, actorId }) => objectId === userId || actorId === userId)
    .map(({ reason }) => reason ?? "");
}

export async function doneActions(world: World, userId: string): Promise<string[]> {
  const rows = await readRows(world.db.owner, auditEntries, { outcome: "done", actorId: userId }, ["action"]);
  return rows.map(({ action }) => action);
}
