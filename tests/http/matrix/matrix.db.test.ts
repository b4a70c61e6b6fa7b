import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passwords, sessions } from "#drizzle/persons";
import { makeApiKey } from "#src/access/api-keys";
import { hashPassword } from "#src/identity/passwords";
import { type IdKind, newId } from "#src/platform/ids";
import { openBrowser } from "#tests/support/browser";
import { type Call, type CallResponse, callsOf } from "#tests/support/call-response";
import { insertEnvironment } from "#tests/support/environment";
import { onSecondDatabaseASixth } from "#tests/support/length";
import { givenMember } from "#tests/support/people";
import { passwordRows } from "#tests/support/rows/persons";
import { deleteRows, updateRows } from "#tests/support/rows/table";
import { givenSession } from "#tests/support/sessions";
import { given, openWorld, type World } from "#tests/support/world";
import { accountRows, publicRows } from "./account-rows";
import { type Acme, insertPerson, openAcme } from "./acme";
import { type AnyCall, type Caller, callersOf, type RestrictedSession, restrictedSessionsOf } from "./callers";
import { isMissingRow, rowsWithout } from "./missing-rows";
import { procedures } from "./procedures";
import { type Row, rowsOf } from "./rows";

let world: World;
let fixture: Acme;
let callers: Caller[];
let restrictedSessions: { readonly reason: string; readonly call: AnyCall }[];
/** Calls without credentials, or with an invalid key or session, by the expected reason. */
let unauthenticated: Record<"no_credentials" | "key_unknown" | "key_expired" | "session_ended", AnyCall>;
let strangers: Record<"strangerOwner" | "strangerViewer", Call>;
/** An owner of Acme, by a key and by a session, who names Beta in every request. */
let namingBeta: readonly AnyCall[];

beforeAll(async () => {
  world = await openWorld({ mailer: { send: async () => undefined } });
  fixture = await openAcme(world);
  const { acme, beta } = fixture;
  callers = await callersOf(fixture);
  restrictedSessions = await Promise.all(
    (await restrictedSessionsOf(fixture)).map(async ({ reason, open }) => ({ reason, call: (await open()).call })),
  );
  const ended = await givenSession(world, await insertPerson(world));
  await updateRows(world.db.owner, sessions, { sessionId: ended.sessionId }, { expiresAt: new Date() });
  unauthenticated = {
    no_credentials: (procedure, input) => world.callAs(null)(procedure, input),
    key_unknown: (procedure, input) => world.callAs(makeApiKey(randomBytes).key)(procedure, input),
    key_expired: world.callAs(await acme.key("owner", { expiresAt: new Date(Date.now() - 1_000) })),
    session_ended: (procedure, input) => ended.browser.call(procedure, input),
  };
  const person = await insertPerson(world);
  await givenMember(world, acme.organizationId, person, "owner");
  const named = { "x-organization": beta.organizationId };
  const { browser } = await givenSession(world, person);
  namingBeta = [
    callsOf(world.handler, { key: await acme.key("owner"), headers: named }),
    (procedure, input) => browser.call(procedure, input, named),
  ];
  strangers = { strangerOwner: beta.call, strangerViewer: world.callAs(await beta.key("viewer")) };
});
afterAll(() => world.close());

const kinds: Record<string, IdKind> = {
  organizationId: "organization",
  projectId: "project",
  environmentId: "environment",
  applicationId: "application",
  securityId: "credential",
  routeId: "route",
  claimId: "claim",
  gatewayId: "gateway",
  apiKeyId: "apiKey",
  serviceAccountId: "serviceAccount",
  providerId: "provider",
  memberId: "member",
  roleId: "role",
  invitationId: "invitation",
  changeId: "change",
  auditId: "audit",
};

/** The same input with unknown ids. */
const withUnknownIds = (input: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(input).map(([field, value]) => [field, kinds[field] ? newId(kinds[field]) : value]),
  );

/** The complete response without its request id and the ids that the request named. */
const responseOf = (answer: CallResponse<unknown>) => ({
  status: answer.status,
  text: answer.text
    .replaceAll(answer.headers.get("x-request-id") ?? "none", "REQUEST")
    .replaceAll(/[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}/g, "ID"),
  headers: [...answer.headers].filter(([header]) => header !== "x-request-id"),
});

/** The rows before a world exists: only their number and titles are used. */
const shape = rowsOf({} as Acme);
const rows = Object.entries(shape).flatMap(([procedure, ofProcedure]) =>
  ofProcedure.map((row, at) => ({ procedure, at, label: row.title ? `${procedure} (${row.title})` : procedure })),
);
const rowOf = (procedure: string, at: number): Row => {
  const row = rowsOf(fixture)[procedure]?.[at];
  if (!row) throw new Error(`row ${at} of ${procedure} does not exist`);
  return row;
};

test("every operation has its row, and every row its operation", () => {
  expect([...procedures.keys()].filter(isMissingRow)).toEqual([]);
  expect(rowsWithout(new Set(procedures.keys()))).toEqual([]);
});

describe.each(onSecondDatabaseASixth(rows))("$label", ({ procedure, at, label }) => {
  test(`${label} gets 401 without credentials, and with an invalid key or session`, async () => {
    const input = await rowOf(procedure, at).input();
    for (const [reason, call] of Object.entries(unauthenticated)) {
      for (const variant of [input, withUnknownIds(input), {}]) {
        const answer = await call(procedure, variant);
        expect([answer.status, answer.error.data.reason]).toEqual([401, reason]);
      }
    }
  });

  test(`${label} gets the expected status for each caller, and a refused call changes nothing (DK-15)`, async () => {
    const { input, expected } = rowOf(procedure, at);
    const shared = await input();
    const last = callers.at(-1);
    const got: Record<string, number> = {};
    for (const caller of callers) {
      const needsNewObject = expected[caller.as] === 200 && caller !== last && procedures.get(procedure) === "mutation";
      const answer = await caller.call(procedure, needsNewObject ? await input() : shared);
      got[caller.title] = answer.status;
      if (answer.status === 403 && caller.by === "session") expect(answer.error.data.reason).not.toBe("key_scope");
      if (answer.status === 404) expect(answer.error.data.reason).toBe("not_found");
    }
    expect(got).toEqual(Object.fromEntries(callers.map(({ title, as }) => [title, expected[as]])));
  });

  test(`${label} is refused for a restricted session before the object is looked up`, async () => {
    const input = await rowOf(procedure, at).input();
    for (const { reason, call } of restrictedSessions) {
      for (const variant of [input, withUnknownIds(input)]) {
        const answer = await call(procedure, variant);
        if (procedure === "auth.session") expect(answer.status).toBe(200);
        else expect([answer.status, answer.error.data.reason]).toEqual([403, reason]);
      }
    }
  });

  test(`${label} gets 404 if it names an organization of which the caller is not a member`, async () => {
    const input = await rowOf(procedure, at).input();
    for (const call of namingBeta) {
      const { status, error } = await call(procedure, input);
      expect([status, error?.data.reason]).toEqual([404, "not_found"]);
    }
  });

  test(`${label} reveals no more to another organization than an unknown id does`, async () => {
    const row = rowOf(procedure, at);
    const { acme, beta } = fixture;
    const input = await row.input();
    for (const who of ["strangerOwner", "strangerViewer"] as const) {
      const answer = await strangers[who](procedure, input);
      if (row.expected[who] === 404) {
        expect(responseOf(answer)).toEqual(responseOf(await strangers[who](procedure, withUnknownIds(input))));
      }
      if (procedure === "audit.list") continue; // the caller's own log contains the ids of their attempts
      // The message of a 404 names the id that was sent, whether the object exists or not: the bytes are the same.
      const text = answer.status === 404 ? JSON.stringify(answer.error.data) : answer.text;
      expect(text).not.toContain(acme.organizationId);
      for (const value of Object.values(input)) {
        if (typeof value === "string" && value.length === 30 && value !== beta.gatewayId)
          expect(text).not.toContain(value);
      }
    }
  });
});

describe("a person's own account", () => {
  const ofAccount = Object.entries(accountRows({} as World)).flatMap(([procedure, ofProcedure]) =>
    ofProcedure.map((row, at) => ({ procedure, at, label: row.title ? `${procedure} (${row.title})` : procedure })),
  );

  test.each(ofAccount)("$label gets the expected status for each caller", async ({ procedure, at }) => {
    const row = accountRows(world)[procedure]?.[at];
    if (!row) throw new Error(`row ${at} of ${procedure} does not exist`);
    for (const [reason, call] of Object.entries(unauthenticated)) {
      const answer = await call(procedure, {});
      expect([answer.status, answer.error.data.reason]).toEqual([401, reason]);
    }
    const { userId } = fixture.projectDeveloper;
    const accountCaller = { userId, sessionId: newId("session"), password: "none", organizationId: null };
    for (const { title, by, call } of callers) {
      if (by === "session") continue;
      const answer = await call(procedure, await row.input(accountCaller));
      expect([title, answer.status, answer.error?.data.reason]).toEqual([title, 403, "session_required"]);
    }
    for (const open of await everySession()) {
      const { title, isPending, ...caller } = await open();
      const expected = isPending
        ? row.pending
        : caller.organizationId === null
          ? (row.withoutOrganization ?? row.full)
          : row.full;
      const answer = await caller.call(procedure, await row.input(caller));
      expect([title, answer.status]).toEqual([title, expected]);
    }
  });

  /** Returns functions that open sessions of new people with a password: every kind of member, and restricted ones. */
  async function everySession() {
    const { acme, beta } = fixture;
    const password = "Correct horse battery";
    const hash = await hashPassword(password, { known: "test" });
    const ordinary = [
      ["owner", acme, "owner"],
      ["viewer", acme, "viewer"],
      ["without a role", acme, null],
      ["a stranger", beta, "owner"],
    ] as const;
    const opens = ordinary.map(([title, organization, role]) => async () => {
      const person = await insertPerson(world);
      const { organizationId } = organization;
      await givenMember(world, organizationId, person, role);
      const { sessionId, browser } = await givenSession(world, person);
      const call: AnyCall = (procedure, input) => browser.call(procedure, input);
      return { ...person, title, sessionId, organizationId, call, isPending: false };
    });
    const restricted = (await restrictedSessionsOf(fixture)).map(
      ({ title, reason, open }: RestrictedSession) =>
        async () => {
          return { ...(await open()), title, isPending: reason === "second_factor_required" };
        },
    );
    return [...opens, ...restricted].map((open) => async () => {
      const opened = await open();
      await deleteRows(world.db.owner, passwords, { userId: opened.userId });
      await passwordRows.insert(world.db.owner, { userId: opened.userId, hash });
      return { ...opened, password };
    });
  }
});

describe("procedures for anonymous callers", () => {
  test.each(Object.entries(publicRows))("%s answers anonymous and signed-in callers", async (procedure, { input }) => {
    const visitor = openBrowser(world, { ip: "198.51.100.77" });
    expect((await visitor.call(procedure, input)).status).toBe(200);
    const { browser } = await givenSession(world, fixture.projectDeveloper);
    expect((await browser.call(procedure, input)).status).toBe(200);
  });
});

describe("a second id in an input", () => {
  test("a gateway of another organization gets the same answer as an unknown gateway", async () => {
    const { acme, beta } = fixture;
    const { environmentId } = await insertEnvironment(world, beta);
    const createOn = (gatewayId: string) =>
      beta.call("applications.create", { environmentId, name: "Wiki", gatewayId });
    const answer = await createOn(acme.gatewayId);
    expect([answer.status, answer.error.data.reason]).toEqual([404, "not_found"]);
    expect(responseOf(answer)).toEqual(responseOf(await createOn(newId("gateway"))));
  });

  test("an object of another organization gives no audit entries", async () => {
    const { acme, beta, newEnvironment } = fixture;
    const { environmentId } = await newEnvironment();
    const { applicationId } = await given(acme).application({ environmentId });
    const found = await acme.call<{ items: unknown[] }>("audit.list", { objectId: applicationId });
    expect(found.data.items).toHaveLength(1);
    expect((await beta.call<{ items: unknown[] }>("audit.list", { objectId: applicationId })).data.items).toEqual([]);
  });

  test("a cursor of another organization reveals no objects of it", async () => {
    const { acme, beta } = fixture;
    const { data } = await beta.call<{ items: { organizationId?: string }[] }>("applications.list", {
      cursor: newId("application"),
    });
    expect(data.items.filter((item) => JSON.stringify(item).includes(acme.gatewayId))).toEqual([]);
  });

  test("a key with a role, account or project of another organization is refused like an unknown one", async () => {
    const { acme, beta, roleId, otherProjectId } = fixture;
    const serviceAccountId = (
      await given(acme).ok<{ serviceAccountId: string }>("serviceAccounts.create", { name: "Mine", role: "viewer" })
    ).serviceAccountId;
    const attempts: [Record<string, unknown>, Record<string, unknown>][] = [
      [{ roleId }, { roleId: newId("role") }],
      [
        { role: "viewer", serviceAccountId },
        { role: "viewer", serviceAccountId: newId("serviceAccount") },
      ],
      [
        { role: "viewer", projectId: otherProjectId },
        { role: "viewer", projectId: newId("project") },
      ],
    ];
    for (const [foreign, unknownId] of attempts) {
      const answer = await beta.call("keys.create", { name: "x", ...foreign });
      expect([answer.status, answer.error.data.reason]).toEqual([404, "not_found"]);
      expect(responseOf(answer)).toEqual(responseOf(await beta.call("keys.create", { name: "x", ...unknownId })));
    }
  });
});
