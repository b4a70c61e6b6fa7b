import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeApiKey } from "../../../src/access/api-keys";
import { hashPassword } from "../../../src/identity/passwords";
import { type IdKind, newId } from "../../../src/platform/ids";
import { openBrowser } from "../../support/browser";
import { onSecondDatabaseASixth } from "../../support/length";
import { givenMember } from "../../support/people";
import { insertPlace } from "../../support/place";
import { givenSession } from "../../support/sessions";
import { type Answer, type Call, given, openWorld, type World } from "../../support/world";
import { accountRows, publicRows } from "./account-rows";
import { type Acme, insertPerson, openAcme } from "./acme";
import { type AnyCall, type Caller, callersOf, type HeldBack, heldBackOf } from "./callers";
import { procedures } from "./procedures";
import { type Row, rowsOf } from "./rows";

let world: World;
let where: Acme;
let callers: Caller[];
let heldBack: { readonly reason: string; readonly call: AnyCall }[];
/** Whoever is nobody: without anything, or with a key or a session that is none. */
let nobody: Record<"no_credentials" | "key_unknown" | "key_expired" | "session_ended", AnyCall>;
let strangers: Record<"strangerOwner" | "strangerViewer", Call>;

beforeAll(async () => {
  world = await openWorld();
  where = await openAcme(world);
  const { acme, beta } = where;
  callers = await callersOf(where);
  heldBack = await Promise.all(
    (await heldBackOf(where)).map(async ({ reason, open }) => ({ reason, call: (await open()).call })),
  );
  const ended = await givenSession(world, await insertPerson(world));
  await world.db.asOwner("update sessions set expires_at = now() where session_id = $1", [ended.sessionId]);
  nobody = {
    no_credentials: (procedure, input) => world.callAs(null)(procedure, input),
    key_unknown: (procedure, input) => world.callAs(makeApiKey(randomBytes).key)(procedure, input),
    key_expired: world.callAs(await acme.key("owner", { expiresAt: new Date(Date.now() - 1_000) })),
    session_ended: (procedure, input) => ended.browser.call(procedure, input),
  };
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

/** The same input, with ids that are nobody's. */
const nowhere = (input: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(input).map(([field, value]) => [field, kinds[field] ? newId(kinds[field]) : value]),
  );

/** Everything of an answer but the request's own id, and the ids that the request named. */
const bytesOf = (answer: Answer<unknown>) => ({
  status: answer.status,
  text: answer.text
    .replaceAll(answer.headers.get("x-request-id") ?? "none", "REQUEST")
    .replaceAll(/[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}/g, "ID"),
  headers: [...answer.headers].filter(([header]) => header !== "x-request-id"),
});

/** The rows as they are known before there is a world: only their number and titles. */
const shape = rowsOf({} as Acme);
const rows = Object.entries(shape).flatMap(([procedure, ofProcedure]) =>
  ofProcedure.map((row, at) => ({ procedure, at, label: row.title ? `${procedure} (${row.title})` : procedure })),
);
const rowOf = (procedure: string, at: number): Row => {
  const row = rowsOf(where)[procedure]?.[at];
  if (!row) throw new Error(`there is no row ${at} of ${procedure}`);
  return row;
};

test("every procedure of the router has its row", () => {
  const known = [shape, accountRows({} as World), publicRows].flatMap((table) => Object.keys(table));
  expect(known.sort()).toEqual([...procedures.keys()].sort());
});

describe.each(onSecondDatabaseASixth(rows))("$label", ({ procedure, at }) => {
  test("by nobody, or with a key or a session that is over, is 401", async () => {
    const there = await rowOf(procedure, at).input();
    for (const [reason, call] of Object.entries(nobody)) {
      for (const asked of [there, nowhere(there), {}]) {
        const answer = await call(procedure, asked);
        expect([answer.status, answer.error.data.reason]).toEqual([401, reason]);
      }
    }
  });

  test("is answered to each caller as written, and a refused try has changed nothing (DK-15)", async () => {
    const { input, expected } = rowOf(procedure, at);
    const shared = await input();
    const last = callers.at(-1);
    const got: Record<string, number> = {};
    for (const caller of callers) {
      const spends = expected[caller.as] === 200 && caller !== last && procedures.get(procedure) === "mutation";
      const answer = await caller.call(procedure, spends ? await input() : shared);
      got[caller.title] = answer.status;
      if (answer.status === 403 && caller.by === "session") expect(answer.error.data.reason).not.toBe("key_scope");
      if (answer.status === 404) expect(answer.error.data.reason).toBe("not_found");
    }
    expect(got).toEqual(Object.fromEntries(callers.map(({ title, as }) => [title, expected[as]])));
  });

  test("is refused to a session that has something to do first, before anybody looks for the object", async () => {
    const there = await rowOf(procedure, at).input();
    for (const { reason, call } of heldBack) {
      for (const asked of [there, nowhere(there)]) {
        const answer = await call(procedure, asked);
        if (procedure === "auth.session") expect(answer.status).toBe(200);
        else expect([answer.status, answer.error.data.reason]).toEqual([403, reason]);
      }
    }
  });

  test("tells another organization's people no more than an id that is nobody's", async () => {
    const { input, expected } = rowOf(procedure, at);
    const { acme, beta } = where;
    const there = await input();
    for (const who of ["strangerOwner", "strangerViewer"] as const) {
      const answer = await strangers[who](procedure, there);
      if (expected[who] === 404) {
        expect(bytesOf(answer)).toEqual(bytesOf(await strangers[who](procedure, nowhere(there))));
      }
      if (procedure === "audit.list") continue; // their own log repeats the ids that they tried
      // The message of a 404 names the id that was sent, whether the object exists or not: the bytes are the same.
      const text = answer.status === 404 ? JSON.stringify(answer.error.data) : answer.text;
      expect(text).not.toContain(acme.organizationId);
      for (const value of Object.values(there)) {
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

  test.each(ofAccount)("$label is answered to each caller as written", async ({ procedure, at }) => {
    const row = accountRows(world)[procedure]?.[at];
    if (!row) throw new Error(`there is no row ${at} of ${procedure}`);
    for (const [reason, call] of Object.entries(nobody)) {
      const answer = await call(procedure, {});
      expect([answer.status, answer.error.data.reason]).toEqual([401, reason]);
    }
    const { userId } = where.there;
    const someone = { userId, sessionId: newId("session"), password: "none", organizationId: null };
    for (const { title, by, call } of callers) {
      if (by === "session") continue;
      const answer = await call(procedure, await row.input(someone));
      expect([title, answer.status, answer.error?.data.reason]).toEqual([title, 403, "session_required"]);
    }
    for (const open of await everySession()) {
      const { title, waits, ...asking } = await open();
      const expected = waits ? row.waiting : asking.organizationId === null ? (row.nowhere ?? row.full) : row.full;
      const answer = await asking.call(procedure, await row.input(asking));
      expect([title, answer.status]).toEqual([title, expected]);
    }
  });

  /** New people with a password and a session, members of each kind and of none. */
  async function everySession() {
    const { acme, beta } = where;
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
      return { ...person, title, sessionId, organizationId, call, waits: false };
    });
    const held = (await heldBackOf(where)).map(({ title, reason, open }: HeldBack) => async () => {
      return { ...(await open()), title, waits: reason === "second_factor_required" };
    });
    return [...opens, ...held].map((open) => async () => {
      const opened = await open();
      await world.db.asOwner(
        `insert into passwords (user_id, hash, changed_at) values ($1, $2, now()) on conflict (user_id) do update set hash = $2`,
        [opened.userId, hash],
      );
      return { ...opened, password };
    });
  }
});

describe("what is for whoever has not signed in", () => {
  test.each(Object.entries(publicRows))("%s is answered to everybody alike", async (procedure, { input }) => {
    const visitor = openBrowser(world, { ip: "198.51.100.77" });
    expect((await visitor.call(procedure, input)).status).toBe(200);
    const { browser } = await givenSession(world, where.there);
    expect((await browser.call(procedure, input)).status).toBe(200);
  });
});

describe("a second id in an input", () => {
  test("that is another organization's gateway is one that is nobody's", async () => {
    const { acme, beta } = where;
    const { environmentId } = await insertPlace(world, beta);
    const ask = (gatewayId: string) => beta.call("applications.create", { environmentId, name: "Wiki", gatewayId });
    const answer = await ask(acme.gatewayId);
    expect([answer.status, answer.error.data.reason]).toEqual([404, "not_found"]);
    expect(bytesOf(answer)).toEqual(bytesOf(await ask(newId("gateway"))));
  });

  test("that is another organization's object finds no audit entry", async () => {
    const { acme, beta, place } = where;
    const { environmentId } = await place();
    const { applicationId } = await given(acme).application({ environmentId });
    const found = await acme.call<{ items: unknown[] }>("audit.list", { objectId: applicationId });
    expect(found.data.items).toHaveLength(1);
    expect((await beta.call<{ items: unknown[] }>("audit.list", { objectId: applicationId })).data.items).toEqual([]);
  });

  test("that is another organization's cursor shows nothing of it", async () => {
    const { acme, beta } = where;
    const { data } = await beta.call<{ items: { organizationId?: string }[] }>("applications.list", {
      cursor: newId("application"),
    });
    expect(data.items.filter((item) => JSON.stringify(item).includes(acme.gatewayId))).toEqual([]);
  });

  test("that is another organization's role, account or project makes no key", async () => {
    const { acme, beta, roleId, otherProjectId } = where;
    const serviceAccountId = (
      await given(acme).ok<{ serviceAccountId: string }>("serviceAccounts.create", { name: "Mine", role: "viewer" })
    ).serviceAccountId;
    const tries: [Record<string, unknown>, Record<string, unknown>][] = [
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
    for (const [theirs, nobodys] of tries) {
      const answer = await beta.call("keys.create", { name: "x", ...theirs });
      expect([answer.status, answer.error.data.reason]).toEqual([404, "not_found"]);
      expect(bytesOf(answer)).toEqual(bytesOf(await beta.call("keys.create", { name: "x", ...nobodys })));
    }
  });
});
