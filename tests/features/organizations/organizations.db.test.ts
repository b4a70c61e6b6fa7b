import { eq, getTableName, isNotNull, ne } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { applications } from "#drizzle/applications";
import { auditEntries } from "#drizzle/audit";
import { changes } from "#drizzle/changes";
import { organizationGateways } from "#drizzle/gateways";
import { invitations, members, projectRoles } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { environments, projects } from "#drizzle/projects";
import { roles, serviceAccounts } from "#drizzle/roles";
import { claims } from "#drizzle/routes";
import { sweep } from "#src/delivery/leader/sweeper";
import { openBrowser } from "#tests/support/browser";
import { ok } from "#tests/support/call-response";
import { callConfirmed } from "#tests/support/confirmed";
import { insertEnvironment } from "#tests/support/environment";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { givenMember, givenPerson } from "#tests/support/people";
import { lastRow, readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Organization {
  readonly organizationId: string;
  readonly name: string;
  readonly slug: string;
  readonly neverPublic: boolean;
  readonly version: number;
  readonly defaultAccess: string;
  readonly passwordPolicy: string;
  readonly closed: { applicationId: string; name: string }[];
  readonly sync: { changeId: string | null; state: string };
}

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const update = (organization: GivenOrganization, input: Record<string, unknown>) =>
  given(organization).ok<Organization>("organizations.update", input);

describe("organizations.update", () => {
  test("changes each setting alone, keeps the slug, and audits the change", async () => {
    const acme = await world.organization();
    const before = await given(acme).ok<Organization>("organizations.one", {});
    expect(before).toMatchObject({ defaultAccess: "public-when-empty", neverPublic: false, passwordPolicy: "advise" });
    const { sync, closed, ...after } = await update(acme, { name: "Acme & Sons" });
    expect({ ...after, sync }).toEqual({ ...before, version: after.version, name: "Acme & Sons" });
    expect(after.version).toBeGreaterThan(before.version);
    expect([sync, closed]).toEqual([{ changeId: null, state: "unchanged" }, []]);
    await update(acme, { defaultAccess: "protected" });
    await update(acme, { passwordPolicy: "enforce", name: "Acme & Sons" });
    expect(await given(acme).ok("organizations.one", {})).toMatchObject({
      name: "Acme & Sons",
      slug: before.slug,
      defaultAccess: "protected",
      passwordPolicy: "enforce",
      neverPublic: false,
    });
    const entries = await readRows(
      world.db.owner,
      auditEntries,
      { organizationId: acme.organizationId, action: "organizations.update" },
      ["changed"],
    );
    expect(entries.map(({ changed }) => changed)).toEqual([
      { name: [before.name, "Acme & Sons"] },
      { defaultAccess: ["public-when-empty", "protected"] },
      { passwordPolicy: ["advise", "enforce"] },
    ]);
  });

  test.each([
    {},
    { slug: "x" },
    { root: true },
    { upstreams: "any" },
    { defaultAccess: "open" },
    { neverPublic: 1 },
    { requireSecondFactor: "yes" },
    { maxKeyDays: 0 },
    { maxKeyDays: 1.5 },
    { maxKeysPerMember: null },
    { keyRequestsPerMinute: -1 },
    { name: "x", role: "owner" },
    { name: "x", maxKeyDays: 1, createdAt: "2020-01-01T00:00:00Z" },
  ])("rejects the input %j and changes nothing", async (input) => {
    const acme = await world.organization({ upstreams: "checked" });
    const refused = await acme.call("organizations.update", input);
    expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
    expect(await given(acme).ok("organizations.one", {})).toMatchObject({ root: false, upstreams: "checked" });
  });

  test("changed rules for sessions and keys of an organization apply at once", async () => {
    const acme = await world.organization();
    const rules = { requireSecondFactor: true, maxKeyDays: 30, maxKeysPerMember: 2, keyRequestsPerMinute: 600 };
    expect(await given(acme).ok("organizations.one", {})).toMatchObject({
      requireSecondFactor: false,
      maxKeyDays: null,
      maxKeysPerMember: 10,
      keyRequestsPerMinute: null,
    });
    expect(await update(acme, rules)).toMatchObject(rules);
    const person = await givenPerson(world);
    await givenMember(world, acme.organizationId, person, "owner");
    const browser = openBrowser(world, { ip: "203.0.113.90" });
    await browser.signIn("password", { email: person.email, password: person.password });
    expect((await browser.call("projects.list")).error.data.reason).toBe("second_factor_enrolment_required");
    const tooLong = await acme.call("keys.create", {
      name: "ci",
      role: "viewer",
      expiresAt: new Date(Date.now() + 31 * 86_400_000).toISOString(),
    });
    expect(tooLong.error.data.reason).toBe("expires_too_late");
    expect(await update(acme, { maxKeyDays: null, requireSecondFactor: false })).toMatchObject({
      ...rules,
      maxKeyDays: null,
      requireSecondFactor: false,
    });
    expect((await browser.call("projects.list")).status).toBe(200);
  });

  test("the default access applies to applications that are created from then on", async () => {
    const acme = await world.organization();
    const { environmentId } = await insertEnvironment(world, acme);
    const first = await given(acme).application<{ applicationId: string; access: string }>({ environmentId });
    await update(acme, { defaultAccess: "protected" });
    const second = await given(acme).application<{ access: string }>({ environmentId });
    expect([first.access, second.access]).toEqual(["public-when-empty", "protected"]);
    const again = await given(acme).ok("applications.one", { applicationId: first.applicationId });
    expect(again).toMatchObject({ access: "public-when-empty" });
  });

  test("an update of an organization keeps what a concurrent update has changed", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const acme = await world.organization();
    const { organizationId } = acme;
    const changed = await besideUncommitted(
      world,
      organizationId,
      (tx) => updateRows(tx, organizations, { organizationId }, { name: "Renamed", neverPublic: true }),
      () =>
        callConfirmed<Organization>(acme.call, "organizations.update", {
          passwordPolicy: "enforce",
          neverPublic: false,
        }),
    );
    expect([changed.status, changed.data]).toMatchObject([
      200,
      { name: "Renamed", passwordPolicy: "enforce", neverPublic: false },
    ]);
  });
});

describe("DK-19: neverPublic", () => {
  test("neverPublic lists what it closes, adds a closing outbox row for each, and resets every openedBy", async () => {
    const acme = await world.organization();
    const { environmentId } = await insertEnvironment(world, acme);
    const createApplication = async (input: Record<string, unknown>) =>
      (await given(acme).application<{ applicationId: string }>({ environmentId, ...input })).applicationId;
    const open = [await createApplication({ name: "One" }), await createApplication({ name: "Two" })];
    const shielded = await createApplication({ name: "Shielded", access: "protected" });
    await createApplication({ name: "Locked", credential: { username: "ada" } });

    const on = await update(acme, { neverPublic: true });

    expect([...on.closed].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { applicationId: open[0], name: "One" },
      { applicationId: open[1], name: "Two" },
    ]);
    const rows = await readRows(world.db.owner, changes, { changeId: String(on.sync.changeId) });
    const delivered = rows.map(({ applicationId, closes }) => [applicationId, closes]);
    expect(delivered.sort()).toEqual([...open].sort().map((id) => [id, true]));
    const opened = await readRows(world.db.owner, applications, [
      eq(applications.organizationId, acme.organizationId),
      isNotNull(applications.openedBy),
    ]);
    expect(opened).toEqual([]);
    expect(await update(acme, { neverPublic: true })).toMatchObject({ closed: [], sync: { changeId: null } });
    const off = await ok(callConfirmed<Organization>(acme.call, "organizations.update", { neverPublic: false }));
    expect(off).toMatchObject({ closed: [], sync: { changeId: null } });
    for (const applicationId of [...open, shielded]) {
      const { exposure } = await given(acme).ok<{ exposure: { intended: string } }>("applications.one", {
        applicationId,
      });
      expect(exposure.intended).toBe("closed");
    }
  });

  test("neverPublic leaves the applications of another organization public", async () => {
    const [acme, beta] = [await world.organization(), await world.organization()];
    const { applicationId } = await given(beta).application();
    expect((await update(acme, { neverPublic: true })).closed).toEqual([]);
    expect(await given(beta).ok("applications.one", { applicationId })).toMatchObject({
      exposure: { intended: "public" },
    });
  });

  test("turning neverPublic on during deletions of last credentials refuses or closes each, and none fails as busy", async () => {
    for (let round = 0; round < 5; round++) {
      const acme = await world.organization();
      const { environmentId } = await insertEnvironment(world, acme);
      const credentials = await Promise.all(
        Array.from({ length: 12 }, async () => {
          const { applicationId } = await given(acme).application({ environmentId });
          return { applicationId, ...(await given(acme).credential(applicationId)) };
        }),
      );
      const [on, ...deleted] = await Promise.all([
        acme.call<Organization>("organizations.update", { neverPublic: true }),
        ...credentials.map(async ({ securityId, applicationId }) => ({
          applicationId,
          ...(await acme.call<{ becamePublic: boolean }>("security.delete", { securityId })),
        })),
      ]);
      expect(on.status, on.text).toBe(200);
      const closed = on.data.closed.map(({ applicationId }) => applicationId).sort();
      for (const { status, error, text } of deleted) {
        expect([200, 409], text).toContain(status);
        if (status === 409) expect(error.data.reason).toBe("never_public");
      }
      const opened = deleted.filter(({ status, data }) => status === 200 && data.becamePublic);
      expect(opened.map(({ applicationId }) => applicationId).sort()).toEqual(closed);
      const stillOpen = await readRows(world.db.owner, applications, [
        eq(applications.organizationId, acme.organizationId),
        isNotNull(applications.openedBy),
      ]);
      expect(stillOpen).toEqual([]);
    }
  });
});

describe("organizations.delete", () => {
  test("deletes an organization with its keys, but only when it has no applications", async () => {
    const acme = await world.organization();
    const viewer = world.callAs(await acme.key("viewer"));
    const { applicationId } = await given(acme).application({
      route: { host: "leaving.example", upstreams: [{ url: "http://10.0.3.1:80" }] },
      credential: { username: "ada" },
    });
    const early = await acme.call("organizations.delete");
    expect([early.status, early.error?.data.reason]).toEqual([409, "not_empty"]);
    await given(acme).ok("applications.delete", { applicationId });

    const deleted = await acme.call<Organization>("organizations.delete");

    expect([deleted.status, deleted.data.organizationId]).toEqual([200, acme.organizationId]);
    for (const call of [acme.call, viewer]) {
      const refused = await call("auth.session");
      expect([refused.status, refused.error?.data.reason]).toEqual([401, "key_unknown"]);
    }
    const { organizationId } = acme;
    for (const table of [organizations, projects, environments, apiKeys, organizationGateways]) {
      expect(await readRows(world.db.owner, table, { organizationId }), getTableName(table)).toEqual([]);
    }
    const kept = await readRows(world.db.owner, claims, { organizationId });
    expect(kept).toMatchObject([{ kind: "host", value: "leaving.example" }]);
    const days = ((kept[0]?.endsAt?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeLessThanOrEqual(30);
    expect(days).toBeGreaterThan(29.9);
    const beta = await world.organization();
    await expect(
      given(beta).application({ route: { host: "leaving.example", upstreams: [{ url: "http://10.0.3.2:80" }] } }),
    ).rejects.toThrow("host_taken");
    const ending = await readRows(world.db.owner, claims, [
      ne(claims.organizationId, acme.organizationId),
      isNotNull(claims.endsAt),
    ]);
    expect(ending).toEqual([]);
    const entry = await lastRow(world.db.owner, auditEntries, { organizationId: acme.organizationId }, ["outcome"]);
    expect(entry?.outcome).toBe("done");
  });

  test("the hosts of a deleted organization are free after 30 days and not before", async () => {
    const acme = await world.organization();
    const beta = await world.organization();
    const route = { host: "free-again.example", upstreams: [{ url: "http://10.0.3.3:80" }] };
    const { applicationId } = await given(acme).application({ route });
    await given(acme).ok("applications.delete", { applicationId });
    await given(acme).ok("organizations.delete", {});
    const sweepIn = (days: number) => {
      const clock = { now: () => new Date(Date.now() + days * 24 * 3_600_000) };
      return sweep({ database: world.runtime.database, clock }, new AbortController().signal);
    };
    await sweepIn(29.9);
    await expect(given(beta).application({ route })).rejects.toThrow("host_taken");
    await sweepIn(30.1);
    await given(beta).application({ route });
  });

  test("deleting an organization deletes its roles and everything that has one of them", async () => {
    const acme = await world.organization();
    const { organizationId } = acme;
    const { ok } = given(acme);
    const { roleId } = await ok<{ roleId: string }>("roles.create", { name: "Reader", permissions: ["project:read"] });
    const memberId = await givenMember(world, organizationId, await givenPerson(world), "viewer");
    await ok("members.update", { memberId, roleId });
    const { projectId } = await insertEnvironment(world, acme);
    await ok("members.setProjectRole", { memberId, projectId, roleId });
    await ok("invitations.create", { email: "new@example.org", roleId });
    await ok("serviceAccounts.create", { name: "ci", roleId });
    await ok("keys.create", { name: "ci", roleId });
    await ok("organizations.delete", {});
    for (const table of [members, projectRoles, invitations, serviceAccounts, apiKeys, roles]) {
      expect(await readRows(world.db.owner, table, { organizationId }), getTableName(table)).toEqual([]);
    }
  });

  test("the root organization cannot be deleted", async () => {
    const root = await world.organization({ root: true });
    const refused = await root.call("organizations.delete");
    expect([refused.status, refused.error?.data.reason]).toEqual([409, "root_organization"]);
    expect((await root.call("auth.session")).status).toBe(200);
  });

  test("only an owner can delete an organization, and another organization returns 404", async () => {
    const [acme, beta] = [await world.organization(), await world.organization()];
    expect((await world.callAs(await acme.key("admin"))("organizations.delete")).status).toBe(403);
    for (const procedure of ["organizations.one", "organizations.update", "organizations.delete"]) {
      const input = { organizationId: beta.organizationId, ...(procedure.endsWith("update") ? { name: "x" } : {}) };
      expect((await acme.call(procedure, input)).status, procedure).toBe(404);
    }
    expect(await given(beta).ok("organizations.one", {})).toMatchObject({ organizationId: beta.organizationId });
  });

  test("an organization is not deleted if a concurrent creation of an application succeeds", async () => {
    for (let round = 0; round < 5; round++) {
      const acme = await world.organization();
      const { environmentId } = await insertEnvironment(world, acme);
      const [deleted, ...created] = await Promise.all([
        acme.call("organizations.delete"),
        ...Array.from({ length: 5 }, () => acme.call("applications.create", { environmentId, name: "A" })),
      ]);
      // The environment was found before the deletion, and the gateway was gone a moment later: `no_gateway`.
      for (const { status, error, text } of created) {
        expect(status === 409 ? ["no_gateway"] : [200, 401, 404], text).toContain(
          status === 409 ? error.data.reason : status,
        );
      }
      expect([200, 409], deleted.text).toContain(deleted.status);
      if (deleted.status === 200) expect(created.filter(({ status }) => status === 200)).toEqual([]);
    }
  });
});
