import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { invitations } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { newId } from "#src/platform/ids";
import { openBrowser } from "#tests/support/browser";
import { reasonOf } from "#tests/support/call-response";
import { limitRows } from "#tests/support/rows/persons";
import { readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, testOrigin, type World } from "#tests/support/world";
import { givenRole, givenTeammate } from "../members/given-team";

interface Invitation {
  readonly invitationId: string;
  readonly email: string;
  readonly role: string | null;
  readonly roleId: string | null;
  readonly state: string;
  readonly invitedBy: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
}

interface CreatedInvitation extends Invitation {
  readonly url: string;
  readonly sent: boolean;
  readonly mailProblem: string | null;
}

let world: World;
let acme: GivenOrganization;
let next = 0;

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  world.now = null;
  acme = await world.organization();
});
afterAll(() => world.close());

const address = () => `invited-${next++}@example.org`;
const invite = async (input: Record<string, unknown> = {}) => {
  const created = await given(acme).ok<CreatedInvitation>("invitations.create", {
    email: address(),
    ...(input.roleId === undefined ? { role: "viewer" } : {}),
    ...input,
  });
  return { ...created, token: registerSecret(created.url.slice(created.url.indexOf("#") + 1)) };
};
const look = async (token: string, ip = `198.18.0.${next++ % 250}`) =>
  (await openBrowser(world, { ip }).call<{ state: string }>("invitations.look", { token })).data;

describe("invitations", () => {
  test("an invitation's link is in one response only, and only the SHA-256 of its token is stored", async () => {
    const created = await invite({ email: "Ada.Lovelace@Example.ORG" });
    expect(created).toMatchObject({
      email: "ada.lovelace@example.org",
      role: "viewer",
      roleId: null,
      state: "open",
      sent: false,
      mailProblem: null,
    });
    expect(created.url).toBe(`${testOrigin}/accept-invitation#${created.token}`);
    expect(created.token).toMatch(/^[\w-]{43}$/);
    expect(Date.parse(created.expiresAt) - Date.parse(created.createdAt)).toBe(7 * 86_400_000);
    const [row] = await readRows(world.db.owner, invitations, { invitationId: created.invitationId }, ["hash"]);
    expect(row?.hash).toBe(createHash("sha256").update(created.token).digest("hex"));
    const { url: _, token: __, sent: ___, mailProblem: ____, ...listed } = created;
    const { items } = await given(acme).ok<{ items: Invitation[] }>("invitations.list", {});
    expect(items).toEqual([listed]);
    expect(world.log()).not.toContain(created.token);
    const dump = JSON.stringify(await readRows(world.db.owner, auditEntries));
    for (const secret of [created.token, String(row?.hash)]) expect(dump).not.toContain(secret);
  });

  test("invitations.look shows the organization and the address to the holder of the link", async () => {
    const created = await invite();
    const [row] = await readRows(world.db.owner, organizations, { organizationId: acme.organizationId }, ["name"]);
    expect(await look(created.token)).toEqual({
      state: "good",
      organization: { name: row?.name },
      email: created.email,
    });
  });

  test("invitations.look returns why an invitation is no longer valid, without its address", async () => {
    const [revoked, expired, accepted] = [await invite(), await invite(), await invite()];
    await given(acme).ok("invitations.delete", { invitationId: revoked.invitationId });
    await updateRows(world.db.owner, invitations, { invitationId: accepted.invitationId }, { acceptedAt: new Date() });
    expect(await look(revoked.token)).toMatchObject({ state: "revoked", email: null });
    expect(await look(accepted.token)).toMatchObject({ state: "accepted", email: null });
    for (const token of ["A".repeat(43), "", "x", expired.invitationId]) {
      expect(await look(token)).toEqual({ state: "unknown", organization: null, email: null });
    }
    world.now = new Date(Date.parse(expired.expiresAt) - 1);
    expect((await look(expired.token)).state).toBe("good");
    world.now = new Date(Date.parse(expired.expiresAt));
    expect(await look(expired.token)).toMatchObject({ state: "expired", email: null });
    const { items } = await given(acme).ok<{ items: Invitation[] }>("invitations.list", {});
    expect(items.map(({ state }) => state)).toEqual(["accepted", "expired", "revoked"]);
  });

  test("invitations.look is limited to twenty calls a minute from one address", async () => {
    const { token } = await invite();
    const browser = openBrowser(world, { ip: "198.51.100.20" });
    const answers = [];
    for (let at = 0; at < 21; at++) answers.push(await browser.call("invitations.look", { token }));
    expect(answers.slice(0, 20).map(({ status }) => status)).toEqual(Array(20).fill(200));
    const last = answers.at(-1);
    expect([last?.status, last?.error.data.reason]).toEqual([429, "rate_limited"]);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("invitations.look accepts only POST from the console's origin, so that the token is in no URL", async () => {
    const { token } = await invite();
    const browser = openBrowser(world, { ip: "198.51.100.21" });
    const foreign = await browser.call("invitations.look", { token }, { origin: "https://evil.example.org" });
    expect(reasonOf(foreign)).toEqual([403, "foreign_origin"]);
    const input = encodeURIComponent(JSON.stringify({ token }));
    expect((await browser.fetch(`/api/trpc/invitations.look?input=${input}`)).status).toBe(405);
  });

  test("neither creating an invitation nor looking at it reveals whether the address has an account", async () => {
    const known = await givenTeammate(world, await world.organization(), "viewer");
    const [one, other] = [await invite({ email: known.email }), await invite()];
    const looks = [await look(one.token), await look(other.token)].map((answer) => ({ ...answer, email: "" }));
    expect(looks[0]).toEqual(looks[1]);
    const shape = ({ state, sent, mailProblem, role, invitedBy }: CreatedInvitation) => ({
      ...{ state, sent, mailProblem, role, invitedBy },
    });
    expect(shape(one)).toEqual(shape(other));
  });

  test("an invitation is refused for a member and for an address with an open invitation", async () => {
    const mate = await givenTeammate(world, acme, "viewer");
    const again = { email: mate.email.toUpperCase(), role: "viewer" };
    expect(reasonOf(await acme.call("invitations.create", again))).toEqual([409, "already_member"]);
    const { email, invitationId, expiresAt } = await invite();
    const same = { email, role: "admin" };
    expect(reasonOf(await acme.call("invitations.create", same))).toEqual([409, "already_invited"]);
    await given(acme).ok("invitations.delete", { invitationId });
    expect((await acme.call("invitations.create", same)).status).toBe(200);
    world.now = new Date(Date.parse(expiresAt) + 60_000);
    expect((await acme.call("invitations.create", same)).status).toBe(200);
  });

  test("concurrent invitations of one address create exactly one", async () => {
    const input = { email: address(), role: "viewer" };
    const answers = await Promise.all(Array.from({ length: 4 }, () => acme.call("invitations.create", input)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  });

  test.each([
    {},
    { email: "x", role: "viewer" },
    { email: "a@example.org" },
    { email: "a@example.org", role: "viewer", roleId: "rol_x" },
    { email: "a@example.org", role: null },
    { email: "a@example.org", role: "root" },
    { email: "a@example.org\r\nBcc: b@example.org", role: "viewer" },
    { email: "a@example.org, b@example.org", role: "viewer" },
    { email: `${"a".repeat(250)}@example.org`, role: "viewer" },
    { email: "a@example.org", role: "viewer", organizationId: "org_x" },
    { email: "a@example.org", role: "viewer", invitedBy: null },
    { email: "a@example.org", role: "viewer", expiresAt: "2099-01-01T00:00:00Z" },
  ])("invitations.create rejects the input %j", async (input) => {
    expect(reasonOf(await acme.call("invitations.create", input))).toEqual([400, "invalid_input"]);
  });

  test("invitations.create is limited to sixty invitations an hour for an organization", async () => {
    const key = `invitation:organization:${acme.organizationId}`;
    await limitRows.insert(world.db.owner, { key, times: Array.from({ length: 60 }, () => new Date()) });
    const { status, error } = await acme.call("invitations.create", { email: address(), role: "viewer" });
    expect([status, error.data.reason]).toEqual([429, "rate_limited"]);
    expect(await given(acme).ok("invitations.list", {})).toMatchObject({ items: [] });
  });
});

describe("privilege escalation by an invitation (DK-15)", () => {
  test("a member can neither create nor revoke an invitation that grants more than the member has", async () => {
    const admin = await givenTeammate(world, acme, "admin");
    const strong = await givenRole(acme, ["organization:delete"]);
    const attempt = (input: object) => admin.attempt("invitations.create", { email: address(), ...input });
    expect(await attempt({ role: "owner" })).toEqual([403, "role_above_own"]);
    expect(await attempt({ roleId: strong })).toEqual([403, "role_above_own"]);
    expect(await attempt({ role: "admin" })).toEqual([200]);
    const ownerInvitation = await invite({ role: "owner" });
    expect(await admin.attempt("invitations.delete", { invitationId: ownerInvitation.invitationId })).toEqual([
      403,
      "role_above_own",
    ]);
    expect((await look(ownerInvitation.token)).state).toBe("good");
  });

  test("a member whose role can only invite can grant that role and no stronger one", async () => {
    const roleId = await givenRole(acme, ["invitation:create", "project:read"]);
    const clerk = await givenTeammate(world, acme, null);
    await given(acme).ok("members.update", { memberId: clerk.memberId, roleId });
    const attempt = (input: object) => clerk.attempt("invitations.create", { email: address(), ...input });
    for (const role of ["viewer", "developer", "admin", "owner"])
      expect(await attempt({ role })).toEqual([403, "role_above_own"]);
    expect(await attempt({ roleId })).toEqual([200]);
  });

  test("an invitation to a role of another organization returns 404", async () => {
    const roleId = await givenRole(await world.organization(), ["project:read"]);
    for (const id of [roleId, newId("role")]) {
      expect(reasonOf(await acme.call("invitations.create", { email: address(), roleId: id }))).toEqual([
        404,
        "not_found",
      ]);
    }
  });

  test("an invitation is void while its sender is not allowed to send it, and valid again afterwards", async () => {
    const admin = await givenTeammate(world, acme, "admin");
    const { data } = await admin.browser.call<CreatedInvitation>("invitations.create", {
      email: address(),
      role: "admin",
    });
    const token = registerSecret(data.url.slice(data.url.indexOf("#") + 1));
    const { ok } = given(acme);
    expect((await look(token)).state).toBe("good");
    await ok("members.update", { memberId: admin.memberId, role: "developer" });
    expect(await look(token)).toMatchObject({ state: "void", email: null });
    await ok("members.update", { memberId: admin.memberId, role: "admin" });
    expect((await look(token)).state).toBe("good");
    await ok("members.delete", { memberId: admin.memberId });
    expect((await look(token)).state).toBe("void");
  });

  test("an invitation is void when its sender has less than it grants, even if the sender may still invite", async () => {
    await givenTeammate(world, acme, "owner");
    const owner = await givenTeammate(world, acme, "owner");
    const { data } = await owner.browser.call<CreatedInvitation>("invitations.create", {
      email: address(),
      role: "owner",
    });
    const token = registerSecret(data.url.slice(data.url.indexOf("#") + 1));
    await given(acme).ok("members.update", { memberId: owner.memberId, role: "admin" });
    expect((await look(token)).state).toBe("void");
  });

  test("an invitation by a service account depends on its current role; one by a host key has no sender", async () => {
    const { ok } = given(acme);
    const account = await ok<{ serviceAccountId: string }>("serviceAccounts.create", { name: "hr", role: "admin" });
    const { serviceAccountId } = account;
    const { key } = await ok<{ key: string }>("keys.create", { name: "hr", role: "admin", serviceAccountId });
    const created = await world.callAs(registerSecret(key))<CreatedInvitation>("invitations.create", {
      email: address(),
      role: "viewer",
    });
    expect(created.data.invitedBy).toBe(serviceAccountId);
    const token = registerSecret(created.data.url.slice(created.data.url.indexOf("#") + 1));
    expect((await look(token)).state).toBe("good");
    await ok("serviceAccounts.update", { serviceAccountId, role: "viewer" });
    expect((await look(token)).state).toBe("void");
    expect((await invite({ role: "owner" })).invitedBy).toBe(null);
  });
});

describe("invitations.delete", () => {
  test("revokes an open invitation, can be repeated, and returns 409 for an accepted one", async () => {
    const { invitationId, token } = await invite();
    const { ok } = given(acme);
    expect(await ok<Invitation>("invitations.delete", { invitationId })).toMatchObject({ state: "revoked" });
    expect(await ok<Invitation>("invitations.delete", { invitationId })).toMatchObject({ state: "revoked" });
    expect((await look(token)).state).toBe("revoked");
    const accepted = await invite();
    await updateRows(world.db.owner, invitations, { invitationId: accepted.invitationId }, { acceptedAt: new Date() });
    expect(reasonOf(await acme.call("invitations.delete", { invitationId: accepted.invitationId }))).toEqual([
      409,
      "invitation_accepted",
    ]);
  });

  test("returns 404 for an invitation of another organization", async () => {
    const { invitationId, token } = await invite();
    const beta = await world.organization();
    expect(reasonOf(await beta.call("invitations.delete", { invitationId }))).toEqual([404, "not_found"]);
    expect(await given(beta).ok("invitations.list", {})).toMatchObject({ items: [] });
    expect((await look(token)).state).toBe("good");
  });
});
