import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { organizations } from "#drizzle/organizations";
import { features } from "#src/features/all";
import type { AnyOperation } from "#src/operations/operation";
import { operationsOf } from "#src/operations/operations-of";
import { type Call, ok, reasonOf } from "#tests/support/call-response";
import { callConfirmed } from "#tests/support/confirmed";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { type Acme, openAcme } from "../http/matrix/acme";
import { requestByOwner } from "../http/matrix/asked-by-owner";

let world: World;
let acme: GivenOrganization;
let fixture: Acme;

beforeAll(async () => {
  world = await openWorld();
  fixture = await openAcme(world);
  acme = await world.organization();
});
afterAll(() => world.close());
// Otherwise what one test leaves decides what the next one may do.
beforeEach(async () => {
  const { organizationId } = fixture.acme;
  await updateRows(world.db.owner, organizations, { organizationId }, { neverPublic: false });
});

interface Versioned {
  readonly name: string;
  readonly version: number;
}
interface Project extends Versioned {
  readonly projectId: string;
}

const project = () => given(acme).ok<Project>("projects.create", { name: "Website" });

describe("lost updates (G8)", () => {
  test("an update with the version that the caller last saw succeeds, and returns the next version", async () => {
    const { projectId, version } = await project();
    const updated = await given(acme).ok<Project>("projects.update", { projectId, name: "Shop", ifVersion: version });
    expect(updated.version).toBeGreaterThan(version);
    expect(await given(acme).ok<Project>("projects.one", { projectId })).toEqual(updated);
    const { items } = await given(acme).ok<{ items: Project[] }>("projects.list", {});
    expect(items).toContainEqual(updated);
  });

  test("an update with an earlier version returns 412 stale_version with who changed the object and when, and writes nothing", async () => {
    const { projectId, version } = await project();
    const { version: now } = await given(acme).ok<Project>("projects.update", { projectId, name: "Ada's name" });
    const refused = await acme.call("projects.update", { projectId, name: "Bob's name", ifVersion: version });
    expect(reasonOf(refused)).toEqual([412, "stale_version"]);
    expect(refused.error.data.details).toEqual({
      kind: "project",
      by: { kind: "apiKey", name: "owner" },
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      version: now,
    });
    expect(refused.error.message).toContain('"owner" changed this project at ');
    expect((await given(acme).ok<Project>("projects.one", { projectId })).name).toBe("Ada's name");
  });

  test("an update without a version is not compared", async () => {
    const { projectId } = await project();
    await given(acme).ok("projects.update", { projectId, name: "Ada's name" });
    expect(await given(acme).ok("projects.update", { projectId, name: "Bob's name" })).toMatchObject({
      name: "Bob's name",
    });
  });

  test("of two editors that send their changes at once, one wins and the other gets stale_version", async () => {
    const { projectId, version } = await project();
    const answers = await Promise.all(
      ["Ada's name", "Bob's name", "Cleo's name"].map((name) =>
        acme.call<Project>("projects.update", { projectId, name, ifVersion: version }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const won = answers.find(({ status }) => status === 200);
    expect((await given(acme).ok<Project>("projects.one", { projectId })).name).toBe(won?.data.name);
  });
});

describe("a version that changes while an update waits (G8)", () => {
  test.each([
    ["projects.update", "projects", "tenant"],
    ["environments.update", "environments", "tenant"],
    ["applications.update", "applications", "tenant"],
    ["organizations.update", "organizations", "tenant"],
    ["roles.update", "roles", "tenant"],
    ["keys.update", "api_keys", "tenant"],
    ["serviceAccounts.update", "service_accounts", "tenant"],
    ["gateways.update", "gateways", "host"],
    ["providers.update", "oidc_providers", "host"],
  ] as const)(
    "%s compares the version again after it has waited for a change of the row in %s",
    async (name, table, role) => {
      if (!runsSideBySide()) return expect(runsSideBySide()).toBe(false);
      const { organizationId, call } = fixture.acme;
      const { input } = await requestByOwner(world, fixture, name);
      const [field = ""] = subjectOf(name);
      const id = input[field] ?? organizationId;
      const one = name.replace(/update$/, "one");
      const { version } = await ok(call<Versioned>(one, { [field]: id }));
      const column = sql.identifier(field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
      const refused = await besideUncommitted(
        world,
        organizationId,
        (tx) => tx.execute(sql`update ${sql.identifier(table)} set name = ${`Theirs ${id}`} where ${column} = ${id}`),
        () => call(name, { [field]: id, name: `Mine ${id}`, ifVersion: version }),
        role,
      );
      expect(reasonOf(refused)).toEqual([412, "stale_version"]);
      expect((await ok(call<Versioned>(one, { [field]: id }))).name).toBe(`Theirs ${id}`);
    },
  );
});

describe("what counts as a change (G8)", () => {
  const updates = operationsOf(features).flatMap(({ operation }) => (operation.takesVersion ? [operation] : []));
  const provider = (field: string, first: unknown, second: unknown): Pair => [{ [field]: first }, { [field]: second }];
  const both = (field: string, first: unknown, second: unknown) => ({ [field]: provider(field, first, second) });
  const upstream = (port: number) => [{ url: `http://10.0.8.8:${port}` }];

  /** For each update, two inputs for each field: the second one changes what the first one has set. */
  const pairs = (): Readonly<Record<string, Readonly<Record<string, Pair>>>> => ({
    "profile.update": { ...both("name", "Ada", "Ada Lovelace"), ...both("locale", "en", null) },
    "applications.update": {
      ...both("name", "One", "Other"),
      ...both("access", "public-when-empty", "protected"),
      ...both("hashAlgorithm", "bcrypt", "apr1"),
    },
    "security.update": {
      ...both("username", "one", "other"),
      ...both("password", registerSecret("Correct-Horse-7-Staple"), registerSecret("Correct-Horse-7-Battery")),
    },
    "environments.update": both("name", "One", "Other"),
    "gateways.update": {
      ...both("name", "one-more", "another"),
      ...both(
        "organizationIds",
        [fixture.acme.organizationId],
        [fixture.acme.organizationId, fixture.beta.organizationId],
      ),
    },
    "organizations.update": {
      ...both("name", "Acme", "Acme & Sons"),
      ...both("defaultAccess", "public-when-empty", "protected"),
      ...both("passwordPolicy", "enforce", "advise"),
      ...both("requireSecondFactor", true, false),
      ...both("maxKeyDays", 100, null),
      ...both("maxKeysPerMember", 20, 30),
      ...both("keyRequestsPerMinute", 100_000, null),
      ...both("neverPublic", false, true),
    },
    "roles.update": { ...both("name", "One", "Other"), ...both("permissions", ["project:read"], ["role:read"]) },
    "keys.update": {
      ...both("name", "One", "Other"),
      ...both("allowedIps", ["10.0.0.0/8"], null),
      ...both("requestsPerMinute", 100, null),
    },
    "members.update": {
      ...both("role", "viewer", null),
      roleId: [{ role: "viewer" }, { roleId: fixture.roleId }],
    },
    "projects.update": both("name", "One", "Other"),
    "providers.update": {
      ...both("name", "One", "Other"),
      ...both("issuer", "https://one.example.org", "https://other.example.org"),
      ...both("internalUrl", "http://10.0.0.3:8080", null),
      ...both("clientId", "one", "other"),
      ...both("clientSecret", registerSecret("one-secret-of-a-client"), registerSecret("other-secret-of-a-client")),
      ...both("scopes", ["openid"], ["openid", "email"]),
      ...both("groupsClaim", "groups", "roles"),
      ...both("allowedEmails", ["ada@example.org"], []),
      ...both("allowedDomains", ["example.org"], []),
      ...both("allowedGroups", ["staff"], []),
      ...both("groupRoles", { staff: "viewer" }, {}),
      ...both("trustedDomains", ["example.org"], []),
      ...both("emailProof", "xms_edov", "email_verified"),
      ...both("createsPersons", true, false),
      ...both("enabled", false, true),
    },
    "routes.update": {
      ...both("host", "version-one.example.org", "version-other.example.org"),
      ...both("pathPrefix", "/one", null),
      ...both("upstreams", upstream(8_081), upstream(8_082)),
      ...both("enabled", false, true),
    },
    "serviceAccounts.update": {
      ...both("name", "One", "Other"),
      ...both("role", "viewer", "developer"),
      roleId: [{ role: "viewer" }, { roleId: fixture.roleId }],
    },
  });

  test("every update of an object takes its version", () => {
    const names = operationsOf(features).map(({ operation: { name } }) => name);
    const taking = updates.map(({ name }) => name);
    expect(names.filter((name) => name.endsWith(".update") && !taking.includes(name))).toEqual([]);
    expect(Object.keys(pairs()).sort()).toEqual(taking.filter((name) => name.endsWith(".update")).sort());
  });

  test.each(
    updates.filter(({ name }) => name.endsWith(".update")).map((operation) => [operation.name, operation] as const),
  )(
    "%s: a change of each field of its input gives the object another version, and the same value again gives it none",
    async (name, operation) => {
      const ofFields = pairs()[name] ?? {};
      const subject = subjectOf(name);
      const fields = fieldsOf(operation).filter((field) => ![...subject, "ifVersion", "confirm"].includes(field));
      expect(Object.keys(ofFields).sort()).toEqual([...fields].sort());
      for (const [field, [first, second]] of Object.entries(ofFields)) {
        const { session, input } = await requestByOwner(world, fixture, name);
        const named = Object.fromEntries(subject.filter((id) => id in input).map((id) => [id, input[id]]));
        const call: Call = name === "profile.update" ? session.browser.call : fixture.acme.call;
        const change = (what: Input, ifVersion?: number) =>
          what.access === "public-when-empty"
            ? callConfirmed<Versioned>(call, name, { ...named, ...what, ifVersion })
            : call<Versioned>(name, { ...named, ...what, ifVersion });
        const { version } = await ok(change(first));
        const changed = await change(second, version);
        expect([field, changed.status, changed.text]).toEqual([field, 200, expect.any(String)]);
        expect(changed.data.version, field).toBeGreaterThan(version);
        expect([field, ...reasonOf(await change(second, version))]).toEqual([field, 412, "stale_version"]);
        if (secret.has(field)) continue;
        expect([field, (await ok(change(second, changed.data.version))).version]).toEqual([
          field,
          changed.data.version,
        ]);
      }
    },
  );

  test.each(updates.filter(({ name }) => name.endsWith(".delete")).map(({ name }) => [name] as const))(
    "%s refuses an earlier version, and deletes nothing",
    async (name) => {
      const { session, input } = await requestByOwner(world, fixture, name);
      const refused = await session.browser.call(name, { ...input, ifVersion: 0 });
      expect(reasonOf(refused)).toEqual([412, "stale_version"]);
      const one = name.replace(/delete$/, "one");
      expect((await session.browser.call(one, input)).status).toBe(200);
    },
  );
});

type Input = Readonly<Record<string, unknown>>;
type Pair = readonly [first: Input, second: Input];

/** What is stored sealed or hashed: the same value again is stored as another one. */
const secret = new Set(["password", "clientSecret"]);

/** The fields that name the object of an operation. */
function subjectOf(name: string): readonly string[] {
  const found = operationsOf(features).find(({ operation }) => operation.name === name);
  return found?.operation.access.kind === "permission" ? found.operation.access.subject.fields : [];
}

function fieldsOf({ input }: AnyOperation): readonly string[] {
  const { properties = {} } = input.toJSONSchema({ io: "input", unrepresentable: "any" });
  return Object.keys(properties);
}
