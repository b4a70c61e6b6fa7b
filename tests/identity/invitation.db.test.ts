import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { invitations, members, users } from "#drizzle/members";
import { createHandler } from "#src/http/handler";
import { openBrowser } from "../support/browser";
import { reasonOf } from "../support/call-response";
import { interposed } from "../support/interposed";
import { givenMember, givenPerson } from "../support/people";
import { deleteRows, readRows, updateRows } from "../support/rows/table";
import { registerSecret } from "../support/secrets";
import { givenSession } from "../support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

interface CreatedInvitation {
  readonly invitationId: string;
  readonly email: string;
  readonly expiresAt: string;
  readonly token: string;
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

const password = registerSecret("a river under seven bridges");
const visitor = () => openBrowser(world, { ip: `198.18.1.${next++ % 250}` });
const invite = async (input: Record<string, unknown> = {}): Promise<CreatedInvitation> => {
  const email = `joins-${next++}@example.org`;
  const created = await given(acme).ok<Omit<CreatedInvitation, "token"> & { url: string }>("invitations.create", {
    email,
    ...(input.roleId === undefined ? { role: "viewer" } : {}),
    ...input,
  });
  return { ...created, token: registerSecret(created.url.slice(created.url.indexOf("#") + 1)) };
};
const accept = async (token: string, fields: Record<string, string> = {}, browser = visitor()) => {
  const answer = await browser.signIn("invitation", { token, password, ...fields });
  const [status, reason] = reasonOf(answer);
  return { status, reason, browser };
};
const peopleOf = (email: string) => readRows(world.db.owner, users, { email }, ["userId", "name"]);
const entriesOf = (organizationId: string) =>
  readRows(world.db.owner, auditEntries, { organizationId, action: ["invitations.accept", "auth.signIn"] }, [
    "action",
    "outcome",
    "reason",
    "actorKind",
    "actorName",
    "objectName",
  ]);

describe("a new person who accepts an invitation", () => {
  test("a new person gets an account with the invited address, the given role and a session", async () => {
    const { email, token } = await invite({ role: "developer" });
    const { status, browser } = await accept(token, { name: "  Ada Lovelace " });
    expect(status).toBe(200);
    const session = await browser.call<{
      principal: { email: string; role: string };
      organization: { organizationId: string };
      pending: string | null;
    }>("auth.session");
    expect(session.data).toMatchObject({
      principal: { email, role: "developer" },
      organization: { organizationId: acme.organizationId },
      pending: null,
    });
    expect(await peopleOf(email)).toMatchObject([{ name: "Ada Lovelace" }]);
    const again = await visitor().signIn("password", { email, password });
    expect(again.status).toBe(200);
    expect(await entriesOf(acme.organizationId)).toMatchObject([
      { action: "invitations.accept", outcome: "done", actorKind: "person", actorName: email, objectName: email },
      { action: "auth.signIn", outcome: "done", actorName: email },
      { action: "auth.signIn", outcome: "done", actorName: email },
    ]);
  });

  test("a new person gets the custom role with its permissions at the time of acceptance", async () => {
    const { roleId } = await given(acme).ok<{ roleId: string }>("roles.create", {
      name: "Reader",
      permissions: ["project:read"],
    });
    const { token } = await invite({ roleId });
    await given(acme).ok("roles.update", { roleId, permissions: ["project:read", "project:create"] });
    const { browser } = await accept(token);
    expect((await browser.call("projects.create", { name: "x" })).status).toBe(200);
    expect((await browser.call("members.list")).status).toBe(403);
  });

  test("extra form fields do not change the address, role or organization of an invitation", async () => {
    const beta = await world.organization();
    const { email, token } = await invite();
    const more = {
      email: "mallory@example.org",
      role: "owner",
      roleId: "rol_x",
      organizationId: beta.organizationId,
      userId: "usr_x",
    };
    const { status, browser } = await accept(token, more);
    expect(status).toBe(200);
    expect(await peopleOf("mallory@example.org")).toEqual([]);
    const { data } = await browser.call<{ principal: object; organizations: object[] }>("auth.session");
    expect(data.principal).toMatchObject({ email, role: "viewer" });
    expect(data.organizations).toMatchObject([{ organizationId: acme.organizationId }]);
  });

  test("an invitation can be accepted once, also with concurrent requests", async () => {
    const { email, token } = await invite();
    const answers = await Promise.all([accept(token), accept(token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.reason).toBe("invitation_accepted");
    expect(await peopleOf(email)).toHaveLength(1);
    expect((await accept(token)).reason).toBe("invitation_accepted");
  });

  test("a revoked, unknown or expired invitation is refused with its reason and creates nothing", async () => {
    const [revoked, expired] = [await invite(), await invite()];
    await given(acme).ok("invitations.delete", { invitationId: revoked.invitationId });
    expect(await accept(revoked.token)).toMatchObject({ status: 409, reason: "invitation_revoked" });
    for (const token of ["A".repeat(43), "", revoked.invitationId]) {
      expect(await accept(token)).toMatchObject({ status: 404, reason: "not_found" });
    }
    world.now = new Date(Date.parse(expired.expiresAt));
    const late = await accept(expired.token);
    expect(late).toMatchObject({ status: 409, reason: "invitation_expired" });
    expect([...late.browser.cookies.keys()].filter((name) => name.endsWith("portcullis.session"))).toEqual([]);
    for (const { email } of [revoked, expired]) expect(await peopleOf(email)).toEqual([]);
    expect(await entriesOf(acme.organizationId)).toMatchObject([
      { action: "invitations.accept", outcome: "refused", reason: "invitation_revoked", actorKind: "anonymous" },
      { action: "invitations.accept", outcome: "refused", reason: "invitation_expired", actorKind: "anonymous" },
    ]);
  });

  test("an invitation is void if its creator lost the right to invite", async () => {
    const admin = await givenPerson(world);
    const memberId = await givenMember(world, acme.organizationId, admin, "admin");
    const { browser } = await givenSession(world, admin);
    const { data } = await browser.call<{ url: string; email: string }>("invitations.create", {
      email: `void-${next++}@example.org`,
      role: "admin",
    });
    const token = registerSecret(data.url.slice(data.url.indexOf("#") + 1));
    await given(acme).ok("members.update", { memberId, role: "viewer" });
    expect(await accept(token)).toMatchObject({ status: 409, reason: "invitation_void" });
    expect(await peopleOf(data.email)).toEqual([]);
  });

  test.each([
    ["short", "password_short"],
    ["correct horse x-joins-weak@example.org", "password_contains_username"],
    ["a".repeat(129), "password_long"],
  ])("accepting an invitation with the password %s is refused with %s", async (weak, problem) => {
    const { email, token } = await invite({ email: `x-joins-weak@example.org` });
    const browser = visitor();
    const refused = await browser.signIn("invitation", { token, password: weak });
    expect(reasonOf(refused)).toEqual([400, "weak_password"]);
    expect(refused.error.data.fields?.password).toContain(problem);
    expect(await peopleOf(email)).toEqual([]);
  });

  test("a name with a line break or more than 100 characters is refused", async () => {
    const { token } = await invite();
    for (const name of ["Ada\r\nBcc: all@example.org", "x".repeat(101)]) {
      expect(await accept(token, { name })).toMatchObject({ status: 400, reason: "invalid_input" });
    }
    expect((await accept(token, { name: "Ada" })).status).toBe(200);
  });

  test("the sixth acceptance in a minute from one address gets 429 (TM-2)", async () => {
    const browser = openBrowser(world, { ip: "198.51.100.30" });
    const statuses = [];
    for (let at = 0; at < 6; at++) statuses.push((await accept("A".repeat(43), {}, browser)).status);
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429]);
  });

  test("a new person must first enrol a second factor if the organization requires one", async () => {
    await given(acme).ok("organizations.update", { requireSecondFactor: true });
    const { token } = await invite();
    const { status, browser } = await accept(token);
    expect(status).toBe(200);
    const answer = await browser.call("projects.list");
    expect([answer.status, answer.error.data.reason]).toEqual([403, "second_factor_enrolment_required"]);
  });
});

describe("a person with an account who accepts an invitation", () => {
  test("a person with an account must sign in to accept, and keeps their password", async () => {
    const beta = await world.organization();
    const ada = await givenPerson(world);
    await givenMember(world, beta.organizationId, ada, "owner");
    const { token, email } = await invite({ email: ada.email, role: "developer" });
    expect(await accept(token)).toMatchObject({ status: 409, reason: "sign_in_first" });
    expect((await visitor().signIn("password", { email, password })).status).toBe(401);
    const { browser } = await givenSession(world, ada);
    const { data } = await browser.call<{ organizationId: string; memberId: string }>("invitations.accept", { token });
    expect(data).toMatchObject({ organizationId: acme.organizationId });
    const inAcme = { "x-organization-id": acme.organizationId };
    expect((await browser.call("projects.create", { name: "x" }, inAcme)).status).toBe(200);
    expect(await entriesOf(acme.organizationId)).toMatchObject([
      { action: "invitations.accept", outcome: "refused", reason: "sign_in_first", actorKind: "anonymous" },
      { action: "invitations.accept", outcome: "done", actorKind: "person", actorName: email },
    ]);
    // Other organizations of the person do not learn that they join this one.
    expect(JSON.stringify(await entriesOf(beta.organizationId))).not.toContain("invitations.accept");
  });

  test("an invalid form gets the same answer whether the invited person has an account or not", async () => {
    const ada = await givenPerson(world);
    const [known, unknown] = [await invite({ email: ada.email }), await invite()];
    for (const { token } of [known, unknown]) {
      expect(await accept(token, { password: "short" })).toMatchObject({ status: 400, reason: "weak_password" });
      expect(await accept(token, { name: "two\nlines" })).toMatchObject({ status: 400, reason: "invalid_input" });
    }
  });

  test("an invitation for another e-mail address is refused", async () => {
    const [ada, { token, email }] = [await givenPerson(world), await invite({ role: "owner" })];
    const { browser } = await givenSession(world, ada);
    const answer = await browser.call("invitations.accept", { token });
    expect([answer.status, answer.error.data.reason]).toEqual([403, "invitation_for_another"]);
    expect(answer.error.message).not.toContain(email);
    const organizationRead = await browser.call("organizations.one", { organizationId: acme.organizationId });
    expect([organizationRead.status, organizationRead.error.data.reason]).toEqual([403, "no_organization"]);
    expect((await accept(token)).status).toBe(200);
  });

  test("a person with an account can accept once and becomes a member once", async () => {
    const ada = await givenPerson(world);
    const { token } = await invite({ email: ada.email });
    const { browser } = await givenSession(world, ada);
    const answers = await Promise.all([1, 2].map(() => browser.call("invitations.accept", { token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await updateRows(world.db.owner, invitations, { email: ada.email }, { acceptedAt: null });
    const again = await browser.call("invitations.accept", { token });
    expect([again.status, again.error.data.reason]).toEqual([409, "already_member"]);
  });

  test.each([
    ["they join it", 409, "invitation_accepted"],
    ["they leave another", 200, undefined],
  ])(
    "an acceptance gets the normal answer if the organizations of the session change during the request: %s",
    async (how, ...expected) => {
      const ada = await givenPerson(world);
      const { token } = await invite({ email: ada.email });
      const { browser } = await givenSession(world, ada);
      const isJoining = how === "they join it";
      if (!isJoining) await givenMember(world, (await world.organization()).organizationId, ada, "viewer");
      const change = () =>
        isJoining
          ? browser.call("invitations.accept", { token })
          : deleteRows(world.db.owner, members, { userId: ada.userId });
      const interrupted = openBrowser({
        handler: createHandler(interposed(world.runtime, { beforeTransaction: [change] })),
      });
      for (const [name, value] of browser.cookies) interrupted.cookies.set(name, value);
      const answer = await interrupted.call("invitations.accept", { token });
      expect([answer.status, answer.error?.data.reason]).toEqual(expected);
    },
  );

  test("a signed-in person gets the reason why an invitation is not valid", async () => {
    const ada = await givenPerson(world);
    const { token, invitationId } = await invite({ email: ada.email });
    await given(acme).ok("invitations.delete", { invitationId });
    const { browser } = await givenSession(world, ada);
    const answer = await browser.call("invitations.accept", { token });
    expect([answer.status, answer.error.data.reason]).toEqual([409, "invitation_revoked"]);
    for (const input of [{ token: "A".repeat(43) }, { token: "" }]) {
      expect((await browser.call("invitations.accept", input)).status).toBe(404);
    }
  });

  test.each([
    {},
    { token: "A".repeat(201) },
    { token: "A".repeat(43), organizationId: "org_x" },
    { token: "A".repeat(43), role: "owner" },
    { token: "A".repeat(43), email: "x@example.org" },
  ])("invitations.accept refuses the input %j as invalid", async (input) => {
    const { browser } = await givenSession(world, await givenPerson(world));
    const answer = await browser.call("invitations.accept", input);
    expect([answer.status, answer.error.data.reason]).toEqual([400, "invalid_input"]);
  });

  test("a session that waits for its second factor cannot accept an invitation", async () => {
    const ada = await givenPerson(world);
    const { token } = await invite({ email: ada.email });
    const { browser } = await givenSession(world, ada, { stage: "second_factor" });
    const answer = await browser.call("invitations.accept", { token });
    expect([answer.status, answer.error.data.reason]).toEqual([403, "second_factor_required"]);
  });
});
