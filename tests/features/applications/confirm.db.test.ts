import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applications } from "#drizzle/applications";
import { organizations } from "#drizzle/organizations";
import type { OpeningPreview } from "#src/features/applications/contract";
import { type Call, ok, reasonOf } from "#tests/support/call-response";
import { callConfirmed } from "#tests/support/confirmed";
import { insertEnvironment } from "#tests/support/environment";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { routeRows } from "#tests/support/rows/applications";
import { updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given as givenIn, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
});

const access = "public-when-empty";
const given = () => givenIn(acme);
let hosts = 0;
const upstreams = () => [{ url: `http://10.7.${Math.floor(hosts / 200)}.${(hosts % 200) + 1}:8080` }];
const route = () => ({ host: `confirm-${++hosts}.example.org`, upstreams: upstreams() });

/** Creates a protected application without a credential, with one host. */
async function shielded(name = "Wiki") {
  const place = route();
  const { applicationId } = await given().application({ environmentId, name, access: "protected", route: place });
  return { applicationId, host: place.host };
}

const intended = async (applicationId: string) =>
  (await given().ok<{ exposure: { intended: string } }>("applications.one", { applicationId })).exposure.intended;
const preview = (applicationId: string, call: Call = acme.call) =>
  ok(call<OpeningPreview>("applications.preview", { applicationId, access }));

describe("a change of access that makes an application public (G8)", () => {
  test("the preview names the application and its hosts, and its digest confirms the change", async () => {
    const { applicationId, host } = await shielded();
    const shown = await preview(applicationId);
    expect(shown).toEqual({
      becomePublic: [{ applicationId, name: "Wiki", closedByHand: false, hosts: { first: [host], count: 1 } }],
      total: 1,
      needsConfirmation: true,
      digest: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await intended(applicationId)).toBe("closed");
    expect(await given().ok("applications.update", { applicationId, access, confirm: shown.digest })).toMatchObject({
      becamePublic: true,
    });
    expect(await intended(applicationId)).toBe("public");
  });

  test("without a confirmation it returns 428 confirmation_required with the number of applications, and opens nothing", async () => {
    const { applicationId } = await shielded();
    const refused = await acme.call("applications.update", { applicationId, access });
    expect(reasonOf(refused)).toEqual([428, "confirmation_required"]);
    expect(refused.error.data.details).toEqual({ act: "access", total: 1 });
    expect(await intended(applicationId)).toBe("closed");
  });

  test("a host that was added after the preview returns 412 preview_changed, and opens nothing", async () => {
    const { applicationId } = await shielded();
    const { digest } = await preview(applicationId);
    await given().ok("routes.create", { applicationId, ...route() });
    const refused = await acme.call("applications.update", { applicationId, access, confirm: digest });
    expect(reasonOf(refused)).toEqual([412, "preview_changed"]);
    expect(await intended(applicationId)).toBe("closed");
    expect((await callConfirmed(acme.call, "applications.update", { applicationId, access })).status).toBe(200);
  });

  test("what becomes public is found again after waiting for a transaction that adds a host", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const { applicationId } = await shielded();
    const { organizationId } = acme;
    const { digest } = await preview(applicationId);
    const refused = await besideUncommitted(
      world,
      organizationId,
      async (tx) => {
        await updateRows(tx, applications, { applicationId }, { changedAt: new Date() });
        await routeRows.insert(tx, { applicationId, organizationId, gatewayId: acme.gatewayId, host: route().host });
      },
      () => acme.call("applications.update", { applicationId, access, confirm: digest }),
    );
    expect(reasonOf(refused)).toEqual([412, "preview_changed"]);
    expect(await intended(applicationId)).toBe("closed");
  });

  test("a credential that was added after the preview returns 412 preview_changed, because nothing would become public", async () => {
    const { applicationId } = await shielded();
    const { digest } = await preview(applicationId);
    await given().credential(applicationId);
    const refused = await acme.call("applications.update", { applicationId, access, confirm: digest });
    expect(reasonOf(refused)).toEqual([412, "preview_changed"]);
    expect(refused.error.data.details).toEqual({ act: "access", total: 0 });
  });

  test("an application that is closed by hand needs the confirmation too, because reopening makes it public", async () => {
    const { applicationId } = await shielded();
    await given().ok("applications.close", { applicationId, reason: "The password of ada has leaked." });
    expect((await preview(applicationId)).becomePublic).toMatchObject([{ applicationId, closedByHand: true }]);
    expect(reasonOf(await acme.call("applications.update", { applicationId, access }))).toEqual([
      428,
      "confirmation_required",
    ]);
  });

  test("a change that makes nothing public needs no confirmation", async () => {
    const { applicationId } = await given().application({ environmentId, access: "protected" });
    await given().credential(applicationId);
    expect(await preview(applicationId)).toMatchObject({ becomePublic: [], total: 0, needsConfirmation: false });
    expect((await acme.call("applications.update", { applicationId, access })).status).toBe(200);
    expect((await acme.call("applications.update", { applicationId, access: "protected" })).status).toBe(200);
  });

  test("a digest of another organization or application confirms nothing", async () => {
    const [one, other] = [await shielded(), await shielded()];
    const { digest } = await preview(other.applicationId);
    const refused = await acme.call("applications.update", {
      applicationId: one.applicationId,
      access,
      confirm: digest,
    });
    expect(reasonOf(refused)).toEqual([412, "preview_changed"]);
    const beta = await world.organization();
    const theirs = await beta.call("applications.preview", { applicationId: one.applicationId, access });
    expect(reasonOf(theirs)).toEqual([404, "not_found"]);
  });

  test("a caller who may not read routes sees no hosts in the preview", async () => {
    const { applicationId } = await shielded();
    const { key } = await given().ok<{ key: string }>("keys.create", {
      name: "Without routes",
      scopes: ["application:update"],
    });
    expect((await preview(applicationId, world.callAs(key))).becomePublic).toMatchObject([{ hosts: null }]);
  });

  test.each(["", "x", "x".repeat(44), 7, null])("the confirmation %j is refused as an input", async (confirm) => {
    const { applicationId } = await shielded();
    const refused = await acme.call("applications.update", { applicationId, access, confirm });
    expect([refused.status, Object.keys(refused.error.data.fields ?? {})]).toEqual([400, ["confirm"]]);
  });
});

describe("opening applications in bulk (G8)", () => {
  test("all of them become public in one delivery, with the digest of the preview", async () => {
    const [one, other] = [await shielded("One"), await shielded("Other")];
    const { applicationId: locked } = await given().application({ environmentId, access: "protected" });
    await given().credential(locked);
    const applicationIds = [other.applicationId, one.applicationId, locked, "app_nowhere"];
    const shown = await given().ok<OpeningPreview>("applications.previewMany", { applicationIds, access });
    expect(shown.becomePublic.map(({ name }) => name).sort()).toEqual(["One", "Other"]);
    const answer = await given().ok<{ items: unknown; sync: { changeId: string } }>("applications.updateMany", {
      applicationIds,
      access,
      confirm: shown.digest,
    });
    expect(answer.items).toEqual([
      { applicationId: other.applicationId, outcome: "updated" },
      { applicationId: one.applicationId, outcome: "updated" },
      { applicationId: locked, outcome: "updated" },
      { applicationId: "app_nowhere", outcome: "not_found" },
    ]);
    expect(await Promise.all([one, other].map(({ applicationId }) => intended(applicationId)))).toEqual([
      "public",
      "public",
    ]);
    expect(await intended(locked)).toBe("protected");
    const entries = await world.db.asOwner<{ action: string }>(
      `select action from audit_entries where object_id = any($1) and action like 'applications.update%' order by action`,
      [[one.applicationId, other.applicationId, locked]],
    );
    expect(entries.map(({ action }) => action)).toEqual([
      "applications.update",
      "applications.update.opened",
      "applications.update.opened",
    ]);
  });

  test("another opening than that of the preview returns 412 preview_changed, and opens none of them", async () => {
    const [one, other] = [await shielded(), await shielded()];
    const applicationIds = [one.applicationId, other.applicationId];
    const { digest } = await given().ok<OpeningPreview>("applications.previewMany", { applicationIds, access });
    await given().ok("applications.update", { applicationId: one.applicationId, name: "Renamed" });
    const refused = await acme.call("applications.updateMany", { applicationIds, access, confirm: digest });
    expect(reasonOf(refused)).toEqual([412, "preview_changed"]);
    expect(await Promise.all(applicationIds.map(intended))).toEqual(["closed", "closed"]);
  });

  test("more than 20 applications are counted, and all of them are part of the digest", async () => {
    const applicationIds = await Promise.all(
      Array.from(
        { length: 22 },
        async () => (await given().application({ environmentId, access: "protected" })).applicationId,
      ),
    );
    const shown = await given().ok<OpeningPreview>("applications.previewMany", { applicationIds, access });
    expect([shown.becomePublic.length, shown.total]).toEqual([20, 22]);
    const last = [...applicationIds].sort().at(-1);
    await given().ok("applications.update", { applicationId: last, name: "Renamed" });
    const again = await given().ok<OpeningPreview>("applications.previewMany", { applicationIds, access });
    expect(again.digest).not.toBe(shown.digest);
  });

  test("under neverPublic, applications that would become public keep their access, and the others change", async () => {
    const { applicationId: empty } = await shielded();
    const { applicationId: locked } = await given().application({ environmentId, access: "protected" });
    await given().credential(locked);
    await given().ok("organizations.update", { neverPublic: true });
    const applicationIds = [empty, locked];
    const { total } = await given().ok<OpeningPreview>("applications.previewMany", { applicationIds, access });
    const { items } = await given().ok<{ items: unknown }>("applications.updateMany", { applicationIds, access });
    expect([total, items]).toEqual([
      0,
      [
        { applicationId: empty, outcome: "never_public" },
        { applicationId: locked, outcome: "updated" },
      ],
    ]);
    expect(await intended(empty)).toBe("closed");
  });

  test("applications of another organization are neither shown nor opened", async () => {
    const { applicationId } = await shielded();
    const beta = await world.organization();
    const input = { applicationIds: [applicationId], access };
    expect(await givenIn(beta).ok("applications.previewMany", input)).toMatchObject({ becomePublic: [], total: 0 });
    const { items } = await givenIn(beta).ok<{ items: unknown }>("applications.updateMany", input);
    expect(items).toEqual([{ applicationId, outcome: "not_found" }]);
    expect(await intended(applicationId)).toBe("closed");
  });

  test("a key for one project can preview an application of that project only, and nothing in bulk", async () => {
    const { applicationId } = await shielded();
    const { projectId } = await given().ok<{ projectId: string }>("applications.one", { applicationId });
    const { key } = await given().ok<{ key: string }>("keys.create", {
      name: "Of the project",
      role: "developer",
      projectId,
    });
    const ofProject = world.callAs(key);
    expect((await preview(applicationId, ofProject)).total).toBe(1);
    const bulk = await ofProject("applications.previewMany", { applicationIds: [applicationId], access });
    expect(bulk.status).toBe(403);
  });
});

describe("lifting neverPublic (G8)", () => {
  const lift = (confirm?: string) => acme.call("organizations.update", { neverPublic: false, confirm });
  const previewLift = () => given().ok<OpeningPreview>("organizations.preview", { neverPublic: false });

  test("it always needs a confirmation, also if nothing becomes public at once", async () => {
    await given().application({ environmentId });
    await given().ok("organizations.update", { neverPublic: true });
    const refused = await lift();
    expect(reasonOf(refused)).toEqual([428, "confirmation_required"]);
    expect(refused.error.data.details).toEqual({ act: "never_public", total: 0 });
    const shown = await previewLift();
    expect(shown).toMatchObject({ becomePublic: [], total: 0, needsConfirmation: true });
    expect((await lift(shown.digest)).status).toBe(200);
    expect((await lift()).status).toBe(200);
  });

  test("the preview names what an act opened although the rule holds, as after a restore, and its digest covers it", async () => {
    const { applicationId } = await given().application({ environmentId, route: route() });
    await updateRows(world.db.owner, organizations, { organizationId: acme.organizationId }, { neverPublic: true });
    const { digest, becomePublic } = await previewLift();
    expect(becomePublic).toMatchObject([{ applicationId, hosts: { count: 1 } }]);
    await given().ok("routes.create", { applicationId, ...route() });
    expect(reasonOf(await lift(digest))).toEqual([412, "preview_changed"]);
    expect(await intended(applicationId)).toBe("closed");
    expect((await lift((await previewLift()).digest)).status).toBe(200);
    expect(await intended(applicationId)).toBe("public");
  });
});

describe("deleting the last credential with a preview (G8)", () => {
  async function withOneCredential() {
    const { applicationId } = await given().application({ environmentId, route: route() });
    const { securityId } = await given().credential(applicationId);
    return { applicationId, securityId };
  }

  test("the preview names the application and its hosts, and a deletion with its digest makes just that public", async () => {
    const { applicationId, securityId } = await withOneCredential();
    const shown = await given().ok<OpeningPreview>("security.preview", { securityId });
    expect(shown).toMatchObject({ becomePublic: [{ applicationId }], total: 1, needsConfirmation: false });
    await given().ok("routes.create", { applicationId, ...route() });
    const refused = await acme.call("security.delete", { securityId, confirm: shown.digest });
    expect(reasonOf(refused)).toEqual([412, "preview_changed"]);
    const deleted = await ok(callConfirmed(acme.call, "security.delete", { securityId }));
    expect(deleted).toMatchObject({ becamePublic: true });
  });

  test("a credential that is not the last one makes nothing public, until the other one is deleted", async () => {
    const { applicationId, securityId } = await withOneCredential();
    const other = await given().credential(applicationId, "bob");
    const { total, digest } = await given().ok<OpeningPreview>("security.preview", { securityId });
    expect(total).toBe(0);
    await given().ok("security.delete", { securityId: other.securityId });
    const refused = await acme.call("security.delete", { securityId, confirm: digest });
    expect(reasonOf(refused)).toEqual([412, "preview_changed"]);
    expect(await intended(applicationId)).toBe("protected");
  });

  test("under neverPublic the preview of the last credential is refused as the deletion is", async () => {
    const { securityId } = await withOneCredential();
    await given().ok("organizations.update", { neverPublic: true });
    expect(reasonOf(await acme.call("security.preview", { securityId }))).toEqual([409, "never_public"]);
  });
});
