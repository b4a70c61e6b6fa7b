import { Secret, TOTP } from "otpauth";
import type { AuditEntry } from "#src/features/audit-log/contract";
import type { CreatedInvitation } from "#src/features/invitations/contract";
import { type Authenticator, openAuthenticator } from "../support/authenticator";
import type { Browser } from "../support/browser";
import { type GatewayWorld, openGatewayWorld, type Tenant } from "../support/gateway-world";
import { type Kept, type KeptApplication, type KeptEntry, type KeptPerson, publicUrl } from "./kept";
import { browserOver } from "./over-http";

/**
 * Fills an installation through the product: people with every factor, roles, keys, invitations, a provider,
 * applications with every exposure, and the audit log of all this.
 * @param secret `PORTCULLIS_SECRET` of the world
 */
export async function makeInstallation(world: GatewayWorld, secret: string, version: string): Promise<Kept> {
  const { tenant: acme } = world;
  const beta = await world.organization("Beta");
  const people = await peopleOf(world, acme);
  const applications = [...(await applicationsOf(acme, "Acme")), ...(await applicationsOf(beta, "Beta"))];
  const otherKeys = await callersOf(acme);
  const invitations = await invitationsOf(acme);
  await acme.ok("providers.create", {
    name: "Example",
    issuer: "https://issuer.example.org/realms/acme",
    clientId: "portcullis",
    clientSecret: "a client's secret, which only the installation's secret opens",
    allowedDomains: ["example.org"],
  });
  await acme.call("projects.delete", { projectId: "prj_00000000000000000000000000" }); // the audit log contains refused attempts too
  await waitUntilSealed(acme);
  await waitUntilSealed(beta);
  const exposures = await Promise.all(
    applications.map(async (application) => {
      const tenant = application.organization === "Acme" ? acme : beta;
      const { state } = await tenant.known(application.applicationId);
      return { ...application, exposure: state };
    }),
  );
  return {
    version,
    secret,
    keys: { Acme: acme.key, Beta: beta.key },
    otherKeys,
    applications: exposures,
    people,
    invitations,
    audit: { Acme: await logOf(acme), Beta: await logOf(beta) },
    sealed: {
      gateways: 2,
      oidc_providers: 1,
      totp_secrets: people.filter(({ totp }) => totp !== null).length,
      security: applications.reduce((sum, { visitors }) => sum + visitors.length, 0),
    },
  };
}

/** A control plane with a real gateway and the public address of all dumps. */
export function openWorldToDump(environment: Readonly<Record<string, string>>): Promise<GatewayWorld> {
  return openGatewayWorld({
    PORTCULLIS_PUBLIC_URL: publicUrl,
    PORTCULLIS_TRUSTED_PROXIES: "127.0.0.1",
    ...environment,
  });
}

async function applicationsOf(tenant: Tenant, organization: string): Promise<Omit<KeptApplication, "exposure">[]> {
  const created: Omit<KeptApplication, "exposure">[] = [];
  const add = async (name: string, input: Record<string, unknown>, visitors: readonly string[] = []) => {
    const host = `${name}.${organization.toLowerCase()}.example.test`;
    const upstreams = [{ url: `http://127.0.0.1:${organization === "Acme" ? 9 : 7}` }]; // nothing listens there
    const { applicationId } = await tenant.application({ name, route: { host, upstreams }, ...input });
    for (const visitor of visitors) {
      const [username, password] = visitor.split(":");
      await tenant.ok("security.create", { applicationId, username, password });
    }
    created.push({ applicationId, organization, host, visitors });
  };
  await add("apr1", { access: "protected" }, ["ada:first Password 9", "bob:second Password 9"]);
  await add("bcrypt", { access: "protected", hashAlgorithm: "bcrypt" }, ["ada:third Password 9"]);
  await add("empty", { access: "protected" });
  await add("public", { access: "public-when-empty" });
  return created;
}

async function peopleOf(world: GatewayWorld, acme: Tenant): Promise<KeptPerson[]> {
  const browser = () => browserOver(world.plane.url);
  const people: KeptPerson[] = [];
  const join = async (name: string): Promise<Browser> => {
    const email = `${name}@example.org`;
    const password = `plenty of words, number ${people.length} 9`;
    const { url } = await acme.ok<CreatedInvitation>("invitations.create", { email, role: "admin" });
    const joined = browser();
    await signInWith(joined, "invitation", { token: tokenOf(url), password });
    people.push({ email, password, totp: null, recoveryCodes: [], passkey: null });
    return joined;
  };
  await join("grace");

  const totp = await join("edsger");
  const { secret } = await callOk<{ secret: string }>(totp, "auth.totp.enrol");
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  const { recoveryCodes } = await callOk<{ recoveryCodes: string[] }>(totp, "auth.totp.confirm", { code });
  people.push({ ...takeLast(people), totp: secret, recoveryCodes });

  const passkey = await join("barbara");
  const authenticator = openAuthenticator(publicUrl);
  const options = await callOk<Parameters<Authenticator["create"]>[0]>(passkey, "auth.passkeys.enrolOptions");
  const enrolled = await callOk<{ recoveryCodes: string[] }>(passkey, "auth.passkeys.enrol", {
    response: authenticator.create(options),
    name: "Laptop",
  });
  people.push({ ...takeLast(people), recoveryCodes: enrolled.recoveryCodes, passkey: authenticator.kept() });
  return people;
}

/** Removes the last person from the list, to be replaced by a more complete entry. */
function takeLast(people: KeptPerson[]): KeptPerson {
  const person = people.pop();
  if (person === undefined) throw new Error("The list has no person yet");
  return person;
}

async function callersOf(tenant: Tenant): Promise<Record<string, string>> {
  const { projectId } = await tenant.ok<{ projectId: string }>("projects.create", { name: "Other" });
  const role = await tenant.ok<{ roleId: string }>("roles.create", {
    name: "Rotator",
    permissions: ["application:read", "security:read", "security:update"],
  });
  const account = await tenant.ok<{ serviceAccountId: string }>("serviceAccounts.create", {
    name: "Pipeline",
    roleId: role.roleId,
  });
  const key = async (name: string, input: Record<string, unknown>) =>
    (await tenant.ok<{ key: string }>("keys.create", { name, ...input, expiresAt: "2099-01-01T00:00:00Z" })).key;
  return {
    rotator: await key("Key of a service account", { serviceAccountId: account.serviceAccountId, roleId: role.roleId }),
    viewer: await key("Key of one project", { role: "viewer", projectId }),
    scoped: await key("Key with scopes", { scopes: ["application:read"] }),
  };
}

async function invitationsOf(tenant: Tenant): Promise<Record<string, string>> {
  const email = "donald@example.org";
  const { url } = await tenant.ok<CreatedInvitation>("invitations.create", { email, role: "developer" });
  return { [email]: tokenOf(url) };
}

/** Waits until every entry of the log is sealed. */
async function waitUntilSealed(tenant: Tenant): Promise<void> {
  for (let attempts = 200; ; attempts--) {
    if ((await logOf(tenant)).every(({ hash }) => hash !== null)) return;
    if (attempts === 0) throw new Error("The audit log was not sealed in time");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Every entry of an organization's log, oldest first. */
export async function logOf(tenant: Pick<Tenant, "ok">): Promise<KeptEntry[]> {
  const entries: KeptEntry[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: AuditEntry[]; nextCursor: string | null } = await tenant.ok("audit.list", {
      limit: 200,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { auditId, action, outcome, hash } of page.items) entries.push({ auditId, action, outcome, hash });
    cursor = page.nextCursor;
  } while (cursor !== null);
  return entries.sort((one, other) => (one.auditId < other.auditId ? -1 : 1));
}

async function signInWith(browser: Browser, method: string, fields: Record<string, string>): Promise<void> {
  const { status, text } = await browser.signIn(method, fields);
  if (status !== 200) throw new Error(`Sign-in with ${method} failed: ${status} ${text}`);
}

async function callOk<T>(browser: Browser, procedure: string, input: unknown = {}): Promise<T> {
  const answer = await browser.call<T>(procedure, input);
  if (answer.status !== 200) throw new Error(`${procedure}: ${answer.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const tokenOf = (url: string): string => new URL(url).hash.slice(1);
