import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { applications } from "#drizzle/applications";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import { security } from "#drizzle/security";
import { insertEnvironment } from "../support/environment";
import { waiting } from "../support/held-transaction";
import { callMeanwhile, type Meanwhile } from "../support/interposed";
import { patienceMs } from "../support/patience";
import { deleteRows, lastRow, readRows, updateRows } from "../support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let environmentId: string;
let key: string;
let next = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
  key = await acme.key("owner");
});

const application = (input: Record<string, unknown> = {}) => given(acme).application({ environmentId, ...input });
const route = () => ({ host: `h${next++}.example.org`, upstreams: [{ url: `http://10.0.0.9:${20_000 + next}` }] });

/** A digest of everything except the audit log. */
async function everything(): Promise<string> {
  const tables = [
    "organizations",
    "projects",
    "environments",
    "applications",
    "security",
    "routes",
    "claims",
    "changes",
  ];
  const rows = await Promise.all(
    tables.map((table) =>
      world.db.asOwner(`select md5(string_agg(t::text, '|' order by t::text)) as h from ${table} t`),
    ),
  );
  return JSON.stringify(rows);
}

const auditOf = (organizationId: string) =>
  readRows(world.db.owner, auditEntries, { organizationId }, ["action", "outcome", "reason"]);

describe("a unit of work that fails", () => {
  const full = () => ({
    environmentId,
    name: "Wiki",
    route: route(),
    credential: { username: "ada", password: "Correct-Horse-7-Battery" },
  });

  test.each(["applications", "security", "claims", "routes", "audit_entries", "changes"])(
    "a failure at the rows of %s leaves no changes",
    async (table) => {
      const before = await everything();
      const entries = await auditOf(acme.organizationId);
      const woken = world.woken.length;
      const drop = await failOnInsert(table, "before insert");
      try {
        const answer = await acme.call("applications.create", full());
        expect([answer.status, answer.error.data.reason]).toEqual([500, "internal"]);
        expect(answer.text).not.toMatch(/planted|insert|Correct-Horse|apr1/i);
      } finally {
        await drop();
      }
      expect(await everything()).toBe(before);
      expect(await auditOf(acme.organizationId)).toEqual(entries);
      expect(world.woken).toHaveLength(woken);
      expect((await acme.call("applications.create", full())).status).toBe(200);
    },
  );

  test("a failure at the commit leaves no changes and wakes no gateway", async () => {
    const before = await everything();
    const woken = world.woken.length;
    const drop = await failOnInsert("changes", "constraint");
    try {
      expect((await acme.call("applications.create", full())).status).toBe(500);
    } finally {
      await drop();
    }
    expect(await everything()).toBe(before);
    expect(world.woken).toHaveLength(woken);
  });

  test("a failure logs neither a password nor a hash", () => {
    expect(world.log()).toContain("a procedure failed");
    expect(world.log()).not.toMatch(/Correct-Horse|\$apr1\$|v1\.[\w-]{8}\./);
  });
});

/** Makes inserts into a table fail, at once or at the commit; the returned function undoes that. */
async function failOnInsert(table: string, when: "before insert" | "constraint"): Promise<() => Promise<unknown>> {
  await world.db.asOwner(
    `create or replace function planted() returns trigger language plpgsql as $$ begin raise exception 'planted'; end $$`,
  );
  await world.db.asOwner(
    when === "constraint"
      ? `create constraint trigger planted after insert on ${table} deferrable initially deferred for each row execute function planted()`
      : `create trigger planted before insert on ${table} for each row execute function planted()`,
  );
  return () => world.db.asOwner(`drop trigger planted on ${table}`);
}

describe("a transient failure", () => {
  /** Makes the first `times` inserts of outbox rows fail with this code. */
  async function transient(code: string, times: number): Promise<() => Promise<unknown>> {
    await world.db.asOwner(`create sequence planted_attempts`);
    await world.db.asOwner(
      `create function planted_transient() returns trigger language plpgsql security definer as $$ begin
         if nextval('planted_attempts') <= ${times} then raise exception 'planted' using errcode = '${code}'; end if;
         return new; end $$`,
    );
    await world.db.asOwner(
      `create trigger planted before insert on changes for each row execute function planted_transient()`,
    );
    return async () => {
      await world.db.asOwner(`drop trigger planted on changes`);
      await world.db.asOwner(`drop function planted_transient`);
      await world.db.asOwner(`drop sequence planted_attempts`);
    };
  }

  test.each([
    ["serialization failure", "40001"],
    ["deadlock", "40P01"],
  ])("a unit of work is retried three times after a %s and written once", async (_title, code) => {
    const { applicationId } = await application();
    const drop = await transient(code, 3);
    try {
      expect((await acme.call("security.create", { applicationId, username: "ada" })).status).toBe(200);
    } finally {
      await drop();
    }
    const rows = await readRows(world.db.owner, security, { applicationId });
    expect(rows).toHaveLength(1);
    const entries = await auditOf(acme.organizationId);
    expect(entries.filter((entry) => entry.action === "security.create")).toHaveLength(1);
  });

  test("a unit of work whose failures do not end returns 503 busy and leaves no changes", async () => {
    const { applicationId } = await application();
    const before = await everything();
    const drop = await transient("40001", 1_000);
    try {
      const answer = await acme.call("security.create", { applicationId, username: "ada" });
      expect([answer.status, answer.error.data.reason]).toEqual([503, "busy"]);
    } finally {
      await drop();
    }
    expect(await everything()).toBe(before);
  });
});

describe("a change between the decision and the transaction", () => {
  /** The key of the request: the newest one of an owner. */
  async function requestKey() {
    const row = await lastRow(world.db.owner, apiKeys, { organizationId: acme.organizationId, role: "owner" });
    if (row === undefined) throw new Error("no key was created");
    return { apiKeyId: row.apiKeyId };
  }
  const losses: [string, number, string, (input: { applicationId: string }) => Promise<unknown>][] = [
    [
      "the key was revoked",
      401,
      "key_revoked",
      async () => updateRows(world.db.owner, apiKeys, await requestKey(), { revokedAt: new Date() }),
    ],
    [
      "the key expired",
      401,
      "key_expired",
      async () => updateRows(world.db.owner, apiKeys, await requestKey(), { expiresAt: new Date(Date.now() - 1_000) }),
    ],
    ["the key was removed", 401, "key_unknown", async () => deleteRows(world.db.owner, apiKeys, await requestKey())],
    [
      "the key lost its role",
      403,
      "key_scope",
      async () => updateRows(world.db.owner, apiKeys, await requestKey(), { role: "viewer" }),
    ],
    [
      "the application was deleted",
      404,
      "not_found",
      ({ applicationId }) => deleteRows(world.db.owner, applications, { applicationId }),
    ],
    [
      "the key moved to another organization",
      403,
      "organization_changed",
      async () => {
        const { organizationId } = await world.organization();
        return updateRows(world.db.owner, apiKeys, await requestKey(), { organizationId });
      },
    ],
  ];
  const operations: [string, (ids: { applicationId: string; securityId: string; routeId: string }) => unknown][] = [
    ["security.create", ({ applicationId }) => ({ applicationId, username: "bob" })],
    ["security.update", ({ securityId }) => ({ securityId, password: "another-Password-9" })],
    ["security.delete", ({ securityId }) => ({ securityId })],
    ["routes.create", ({ applicationId }) => ({ applicationId, ...route() })],
    ["routes.update", ({ routeId }) => ({ routeId, pathPrefix: "/x" })],
    ["routes.delete", ({ routeId }) => ({ routeId })],
    ["applications.update", ({ applicationId }) => ({ applicationId, name: "Other" })],
    ["applications.delete", ({ applicationId }) => ({ applicationId })],
  ];
  describe.each(losses)("%s: %i %s", (_title, status, reason, lose) => {
    test.each(operations)("%s is refused and writes nothing", async (procedure, inputOf) => {
      const { applicationId } = await application();
      const { securityId } = await given(acme).credential(applicationId);
      const { routeId } = await given(acme).ok<{ routeId: string }>("routes.create", { applicationId, ...route() });
      key = await acme.key("owner");
      const entries = await auditOf(acme.organizationId);
      let after = "";
      const change = async () => {
        await lose({ applicationId });
        after = await everything();
      };
      // An operation that reads the addresses of the gateway first does so in a separate transaction.
      const early = procedure === "routes.create" ? [async () => undefined, change] : [change];
      const answer = await callMeanwhile(world, key, procedure, inputOf({ applicationId, securityId, routeId }), {
        beforeTransaction: early,
      });
      expect([answer.status, answer.error.data.reason]).toEqual([status, reason]);
      expect(after).not.toBe("");
      expect(await everything()).toBe(after);
      expect((await auditOf(acme.organizationId)).slice(entries.length)).toEqual([
        { action: procedure, outcome: "refused", reason },
      ]);
    });
  });

  test("a key that is revoked while its request waits for the lock is refused", async ({ skip }) => {
    if (world.runtime.database.kind === "embedded") skip("one session: no request waits for a lock there");
    const { applicationId } = await application();
    let answer: ReturnType<typeof acme.call> | undefined;
    await world.runtime.database.transaction("tenant", acme.organizationId, async (tx) => {
      await tx.execute(sql`select 1 from applications where application_id = ${applicationId} for no key update`);
      answer = world.callAs(key)("security.create", { applicationId, username: "ada" });
      await vi.waitUntil(async () => (await waiting(world)) > 0, { timeout: patienceMs, interval: 10 });
      await updateRows(world.db.owner, apiKeys, { organizationId: acme.organizationId }, { revokedAt: new Date() });
    });
    const refused = await answer;
    expect([refused?.status, refused?.error.data.reason]).toEqual([401, "key_revoked"]);
    expect(await readRows(world.db.owner, security, { applicationId })).toEqual([]);
  });
});

describe("a rule for upstreams that is tightened during a request", () => {
  test("an upstream that the former rule accepted is checked again by the tightened rule", async () => {
    const tightened = await world.organization({ upstreams: "any" });
    const { environmentId } = await insertEnvironment(world, tightened);
    const { applicationId } = await given(tightened).application({ environmentId });
    const answer = await callMeanwhile(
      world,
      await tightened.key("owner"),
      "routes.create",
      { applicationId, host: "rules.example.org", upstreams: [{ url: "http://127.0.0.1:9311" }] },
      {
        // The first transaction reads the addresses of the gateway, the second is the unit of work.
        beforeTransaction: [
          async () => undefined,
          () =>
            updateRows(
              world.db.owner,
              organizations,
              { organizationId: tightened.organizationId },
              { upstreams: "checked" },
            ),
        ],
      },
    );
    expect([answer.status, answer.error.data.reason]).toEqual([400, "invalid_upstream"]);
  });
});

describe("a password policy that is tightened during a request (DK-9)", () => {
  test.each(["security.create", "security.update"])(
    "%s checks the password against the tightened policy",
    async (procedure) => {
      const { applicationId } = await application();
      const { securityId } = await given(acme).credential(applicationId, "bob");
      const answer = await callMeanwhile(
        world,
        key,
        procedure,
        { ...(procedure === "security.create" ? { applicationId, username: "ada" } : { securityId }), password: "abc" },
        {
          beforeTransaction: [
            () =>
              updateRows(
                world.db.owner,
                organizations,
                { organizationId: acme.organizationId },
                { passwordPolicy: "enforce" },
              ),
          ],
        },
      );
      expect([answer.status, answer.error?.data.reason]).toEqual([400, "weak_password"]);
    },
  );
});

describe("a hash algorithm that changes during a request", () => {
  const change = (applicationId: string, to: "apr1" | "bcrypt") => () =>
    updateRows(world.db.owner, applications, { applicationId }, { hashAlgorithm: to });

  async function create(interposedBy: (applicationId: string) => Meanwhile) {
    const { applicationId } = await application();
    const answer = await callMeanwhile<{ securityId: string; hashAlgorithm: string }>(
      world,
      key,
      "security.create",
      { applicationId, username: "ada", password: "Correct-Horse-7-Battery" },
      interposedBy(applicationId),
    );
    return { answer, applicationId };
  }

  test("the request starts again and hashes the password with the new algorithm", async () => {
    const { answer } = await create((id) => ({ beforeTransaction: [change(id, "bcrypt")] }));
    expect([answer.status, answer.data.hashAlgorithm]).toEqual([200, "bcrypt"]);
    const { securityId } = answer.data;
    const [row] = await readRows(world.db.owner, security, { securityId }, ["hashSealed"]);
    const unsealed = world.runtime.sealer.open(`security:hash:${securityId}`, row?.hashSealed ?? "");
    expect(unsealed).toMatchObject({ ok: true, plaintext: expect.stringMatching(/^\$2[aby]\$/) });
  });

  test("a request is refused if the algorithm changes again at each of its attempts", async () => {
    const { answer, applicationId } = await create((id) => ({
      beforeTransaction: [change(id, "bcrypt"), change(id, "apr1"), change(id, "bcrypt"), change(id, "apr1")],
    }));
    expect([answer.status, answer.error.data.reason]).toEqual([409, "changed_meanwhile"]);
    expect(await readRows(world.db.owner, security, { applicationId })).toEqual([]);
  });

  test("a request whose application is deleted during its second attempt is refused and audited once", async () => {
    const { answer } = await create((id) => ({
      beforeTransaction: [change(id, "bcrypt")],
      beforeCall: [
        async () => undefined, // the first decision
        async () => undefined, // the key's last use
        () => deleteRows(world.db.owner, applications, { applicationId: id }),
      ],
    }));
    expect([answer.status, answer.error.data.reason]).toEqual([404, "not_found"]);
    const refused = (await auditOf(acme.organizationId)).filter((entry) => entry.outcome === "refused");
    expect(refused).toEqual([{ action: "security.create", outcome: "refused", reason: "not_found" }]);
  });
});

describe("concurrent requests", () => {
  test("DK-19: exactly one of two concurrent deletions of the last two credentials returns becamePublic, in thirty rounds", async () => {
    for (let round = 0; round < 30; round++) {
      const { applicationId } = await application();
      const [ada, bob] = [
        await given(acme).credential(applicationId, "ada"),
        await given(acme).credential(applicationId, "bob"),
      ];
      const answers = await Promise.all(
        [ada, bob].map(({ securityId }) => acme.call<{ becamePublic: boolean }>("security.delete", { securityId })),
      );
      expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
      expect(answers.map((answer) => answer.data.becamePublic).sort()).toEqual([false, true]);
    }
  });

  test("one of two concurrent deletions of one credential returns 404", async () => {
    for (let round = 0; round < 10; round++) {
      const { applicationId } = await application();
      const { securityId } = await given(acme).credential(applicationId);
      const answers = await Promise.all([1, 2].map(() => acme.call("security.delete", { securityId })));
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 404]);
    }
  });

  test("deleting the last credential during a creation never leaves an application open that has a credential", async () => {
    for (let round = 0; round < 15; round++) {
      const { applicationId } = await application();
      const { securityId } = await given(acme).credential(applicationId);
      const [deleted, created] = await Promise.all([
        acme.call("security.delete", { securityId }),
        acme.call("security.create", { applicationId, username: "bob" }),
      ]);
      expect([deleted.status, created.status]).toEqual([200, 200]);
      const answer = await acme.call("applications.one", { applicationId });
      expect(answer.data).toMatchObject({ openedBy: null, exposure: { intended: "protected" } });
    }
  });

  test("ten applications that are created at once with one name have ten different slugs", async () => {
    const slugs = (
      await Promise.all(
        Array.from({ length: 10 }, () => acme.call("applications.create", { environmentId, name: "Wiki" })),
      )
    ).map((answer) => (answer.status === 200 ? answer.data.slug : answer.error.data.reason));
    expect(new Set(slugs).size).toBe(10);
    expect(slugs).not.toContain("changed_meanwhile");
  });
});
