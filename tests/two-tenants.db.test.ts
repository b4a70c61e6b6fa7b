import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { router } from "../src/api/trpc/router";
import { makeApiKey } from "../src/core/api-keys";
import { type IdKind, newId } from "../src/core/ids";
import { insertPlace } from "./support/place";
import {
  type Answer,
  type Call,
  type GivenOrganization,
  given,
  insertGateway,
  openWorld,
  type World,
} from "./support/world";

/** Acme owns what is asked for, and is the founding organization; the strangers are Beta's. */
interface Expected {
  readonly viewer: number;
  readonly developer: number;
  readonly admin: number;
  readonly owner: number;
  readonly strangerOwner: number;
  readonly strangerViewer: number;
}

/** Viewer, developer, admin, owner; the other organization's owner and viewer. */
const of = (
  ...[viewer, developer, admin, owner, strangerOwner, strangerViewer]: [number, number, number, number, number, number]
): Expected => ({
  viewer,
  developer,
  admin,
  owner,
  strangerOwner,
  strangerViewer,
});

interface Row {
  /** What the input says, where a procedure has more than one row. */
  readonly title?: string;
  /** A fresh object, and the input that names it. */
  readonly input: () => Promise<Record<string, unknown>>;
  readonly expected: Expected;
}

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let next = 0;

const name = () => `Name ${next++}`;
const nothing = async () => ({});
const place = () => insertPlace(world, acme);
const route = () => ({ host: `h${next++}.example.org`, upstreams: [{ url: `http://10.0.0.9:${20_000 + next}` }] });
const application = async () =>
  (await given(acme).application({ environmentId: (await place()).environmentId, access: "protected" })).applicationId;
const credential = async () => (await given(acme).credential(await application())).securityId;
const routeOf = async () =>
  given(acme).ok<{ routeId: string; sync: { changeId: string } }>("routes.create", {
    applicationId: await application(),
    ...route(),
  });
const releasable = async () => {
  const { routeId } = await routeOf();
  const { host } = await given(acme).ok<{ host: string }>("routes.delete", { routeId });
  const [row] = await world.db.asOwner<{ id: string }>(`select claim_id as id from claims where value = $1`, [host]);
  return row?.id ?? "";
};
const apiKey = async () =>
  (await given(acme).ok<{ apiKeyId: string }>("keys.create", { name: name(), role: "viewer" })).apiKeyId;
const serviceAccount = async () =>
  (await given(acme).ok<{ serviceAccountId: string }>("serviceAccounts.create", { name: name(), role: "viewer" }))
    .serviceAccountId;
const auditEntry = async () => {
  await application();
  const [row] = await world.db.asOwner<{ id: string }>(
    `select max(audit_id) as id from audit_entries where organization_id = $1`,
    [acme.organizationId],
  );
  return row?.id ?? "";
};
const gateway = () => insertGateway(world.db, world.runtime);

const everybody = of(200, 200, 200, 200, 200, 200);
const reads = of(200, 200, 200, 200, 404, 404);
const writes = of(403, 200, 200, 200, 404, 404);
const administers = of(403, 403, 200, 200, 404, 404);

/** The expected answers, by hand. */
const table: Record<string, readonly Row[]> = {
  "auth.session": [{ input: nothing, expected: everybody }],

  "organizations.one": [
    { title: "the caller's own", input: nothing, expected: everybody },
    { title: "by id", input: async () => ({ organizationId: acme.organizationId }), expected: reads },
  ],
  "organizations.list": [{ input: nothing, expected: everybody }],
  "organizations.update": [
    { title: "the caller's own", input: async () => ({ name: name() }), expected: of(403, 403, 200, 200, 200, 403) },
    {
      title: "by id",
      input: async () => ({ organizationId: acme.organizationId, name: name() }),
      expected: administers,
    },
  ],
  // Acme is the founding organization: even its owner gets no further than 409.
  "organizations.delete": [
    { input: async () => ({ organizationId: acme.organizationId }), expected: of(403, 403, 403, 409, 404, 404) },
  ],

  "projects.create": [{ input: async () => ({ name: name() }), expected: of(403, 200, 200, 200, 200, 403) }],
  "projects.one": [{ input: async () => ({ projectId: (await place()).projectId }), expected: reads }],
  "projects.list": [{ input: nothing, expected: everybody }],
  "projects.update": [
    { input: async () => ({ projectId: (await place()).projectId, name: name() }), expected: writes },
  ],
  "projects.delete": [{ input: async () => ({ projectId: (await place()).projectId }), expected: administers }],

  "environments.create": [
    { input: async () => ({ projectId: (await place()).projectId, name: name() }), expected: writes },
  ],
  "environments.one": [{ input: async () => ({ environmentId: (await place()).environmentId }), expected: reads }],
  "environments.list": [
    { title: "all", input: nothing, expected: everybody },
    { title: "of a project", input: async () => ({ projectId: (await place()).projectId }), expected: reads },
  ],
  "environments.update": [
    { input: async () => ({ environmentId: (await place()).environmentId, name: name() }), expected: writes },
  ],
  "environments.delete": [
    { input: async () => ({ environmentId: (await place()).environmentId }), expected: administers },
  ],

  "applications.create": [
    { input: async () => ({ environmentId: (await place()).environmentId, name: name() }), expected: writes },
  ],
  "applications.one": [{ input: async () => ({ applicationId: await application() }), expected: reads }],
  "applications.list": [
    { title: "all", input: nothing, expected: everybody },
    {
      title: "of an environment",
      input: async () => ({ environmentId: (await place()).environmentId }),
      expected: reads,
    },
  ],
  "applications.update": [
    { input: async () => ({ applicationId: await application(), access: "public-when-empty" }), expected: writes },
  ],
  "applications.delete": [{ input: async () => ({ applicationId: await application() }), expected: writes }],

  "security.create": [
    { input: async () => ({ applicationId: await application(), username: "ada" }), expected: writes },
  ],
  "security.one": [{ input: async () => ({ securityId: await credential() }), expected: reads }],
  "security.list": [{ input: async () => ({ applicationId: await application() }), expected: reads }],
  "security.update": [{ input: async () => ({ securityId: await credential(), username: "bob" }), expected: writes }],
  "security.delete": [{ input: async () => ({ securityId: await credential() }), expected: writes }],

  "routes.create": [{ input: async () => ({ applicationId: await application(), ...route() }), expected: writes }],
  "routes.one": [{ input: async () => ({ routeId: (await routeOf()).routeId }), expected: reads }],
  "routes.list": [
    { title: "all", input: nothing, expected: everybody },
    { title: "of an application", input: async () => ({ applicationId: await application() }), expected: reads },
  ],
  "routes.update": [
    { input: async () => ({ routeId: (await routeOf()).routeId, pathPrefix: "/x" }), expected: writes },
  ],
  "routes.delete": [{ input: async () => ({ routeId: (await routeOf()).routeId }), expected: writes }],

  "claims.list": [
    { title: "all", input: nothing, expected: everybody },
    { title: "on a gateway", input: async () => ({ gatewayId: acme.gatewayId }), expected: reads },
  ],
  "claims.release": [{ input: async () => ({ claimId: await releasable() }), expected: administers }],

  // The installation's: an owner of another organization than the founding one may not.
  "gateways.create": [
    {
      input: async () => ({ name: name(), address: "127.0.0.1:8100", probeAddress: "127.0.0.1:8101" }),
      expected: of(403, 403, 403, 200, 403, 403),
    },
  ],
  "gateways.one": [{ input: async () => ({ gatewayId: acme.gatewayId }), expected: reads }],
  "gateways.list": [{ input: nothing, expected: everybody }],
  "gateways.update": [
    { input: async () => ({ gatewayId: await gateway(), name: name() }), expected: of(403, 403, 403, 200, 404, 404) },
    {
      title: "one that the stranger is allowed on",
      input: async () => ({ gatewayId: beta.gatewayId, name: name() }),
      expected: of(403, 403, 403, 200, 403, 403),
    },
  ],
  "gateways.delete": [
    { input: async () => ({ gatewayId: await gateway() }), expected: of(403, 403, 403, 200, 404, 404) },
  ],

  "keys.create": [
    { input: async () => ({ name: name(), role: "viewer" }), expected: of(403, 200, 200, 200, 200, 403) },
    {
      title: "of a project",
      input: async () => ({ name: name(), role: "viewer", projectId: (await place()).projectId }),
      expected: writes,
    },
    {
      title: "of a service account",
      input: async () => ({ name: name(), role: "viewer", serviceAccountId: await serviceAccount() }),
      expected: of(403, 403, 200, 200, 404, 403),
    },
    {
      title: "of an owner",
      input: async () => ({ name: name(), role: "owner" }),
      expected: of(403, 403, 403, 200, 200, 403),
    },
  ],
  "keys.one": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],
  "keys.list": [
    { title: "all", input: nothing, expected: everybody },
    { title: "of a project", input: async () => ({ projectId: (await place()).projectId }), expected: reads },
  ],
  "keys.update": [{ input: async () => ({ apiKeyId: await apiKey(), name: name() }), expected: administers }],
  "keys.rotate": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],
  "keys.revoke": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],
  "keys.delete": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],

  "serviceAccounts.create": [
    { input: async () => ({ name: name(), role: "viewer" }), expected: of(403, 403, 200, 200, 200, 403) },
    {
      title: "of an owner",
      input: async () => ({ name: name(), role: "owner" }),
      expected: of(403, 403, 403, 200, 200, 403),
    },
  ],
  "serviceAccounts.one": [{ input: async () => ({ serviceAccountId: await serviceAccount() }), expected: administers }],
  "serviceAccounts.list": [{ input: nothing, expected: of(403, 403, 200, 200, 200, 403) }],
  "serviceAccounts.update": [
    { input: async () => ({ serviceAccountId: await serviceAccount(), name: name() }), expected: administers },
  ],
  "serviceAccounts.delete": [
    { input: async () => ({ serviceAccountId: await serviceAccount() }), expected: administers },
  ],

  "sync.status": [
    { title: "all", input: nothing, expected: everybody },
    { title: "of a gateway", input: async () => ({ gatewayId: acme.gatewayId }), expected: reads },
  ],
  "sync.wait": [
    {
      title: "for an application",
      input: async () => ({ applicationId: await application(), timeoutMs: 0 }),
      expected: reads,
    },
    {
      title: "for a change",
      input: async () => ({ changeId: (await routeOf()).sync.changeId, timeoutMs: 0 }),
      expected: reads,
    },
  ],

  "audit.one": [{ input: async () => ({ auditId: await auditEntry() }), expected: administers }],
  "audit.list": [{ input: nothing, expected: of(403, 403, 200, 200, 200, 403) }],
  "audit.verify": [{ input: nothing, expected: of(403, 403, 200, 200, 200, 403) }],
  "audit.checkpoint": [{ input: nothing, expected: of(403, 403, 200, 200, 200, 403) }],
  // The installation's: for owners of the founding organization alone.
  "audit.installation.list": [{ input: nothing, expected: of(403, 403, 403, 200, 403, 403) }],
  "audit.installation.verify": [{ input: nothing, expected: of(403, 403, 403, 200, 403, 403) }],
  "audit.installation.checkpoint": [{ input: nothing, expected: of(403, 403, 403, 200, 403, 403) }],
};

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
  changeId: "change",
  auditId: "audit",
};

/** The same input, with ids that are nobody's. */
const nowhere = (input: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(input).map(([field, value]) => [field, kinds[field] ? newId(kinds[field]) : value]),
  );

/** Everything of an answer but the request's own id. */
const bytesOf = (answer: Answer<unknown>) => ({
  status: answer.status,
  text: answer.text.replaceAll(answer.headers.get("x-request-id") ?? "none", "REQUEST"),
  headers: [...answer.headers].filter(([header]) => header !== "x-request-id"),
});

let callers: Record<keyof Expected, Call>;
let nobody: Record<"no_credentials" | "key_unknown" | "key_expired", Call>;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization({ founding: true });
  beta = await world.organization({ gatewayId: await gateway() });
  callers = {
    viewer: world.callAs(await acme.key("viewer")),
    developer: world.callAs(await acme.key("developer")),
    admin: world.callAs(await acme.key("admin")),
    owner: acme.call,
    strangerOwner: beta.call,
    strangerViewer: world.callAs(await beta.key("viewer")),
  };
  nobody = {
    no_credentials: world.callAs(null),
    key_unknown: world.callAs(makeApiKey(randomBytes).key),
    key_expired: world.callAs(await acme.key("owner", { expiresAt: new Date(Date.now() - 1_000) })),
  };
});
afterAll(() => world.close());

test("every procedure of the router has its row", () => {
  expect(Object.keys(table).sort()).toEqual(Object.keys(router._def.procedures).sort());
});

const rows = Object.entries(table).flatMap(([procedure, ofProcedure]) =>
  ofProcedure.map((row) => ({ procedure, ...row, label: row.title ? `${procedure} (${row.title})` : procedure })),
);

describe.each(rows)("$label", ({ procedure, input, expected }) => {
  test("without a key, or with one that is wrong or expired, is 401", async () => {
    const there = await input();
    for (const [reason, call] of Object.entries(nobody)) {
      for (const asked of [there, nowhere(there), {}]) {
        const answer = await call(procedure, asked);
        expect([answer.status, answer.error.data.code, answer.error.data.reason]).toEqual([
          401,
          "UNAUTHORIZED",
          reason,
        ]);
      }
    }
  });

  test("is answered to each role as written, and a refused try has changed nothing", async () => {
    const shared = await input();
    const got: Record<string, number> = {};
    for (const who of ["strangerViewer", "strangerOwner", "viewer", "developer", "admin", "owner"] as const) {
      const spent = expected[who] === 200 && who !== "owner";
      const answer = await callers[who](procedure, spent ? await input() : shared);
      got[who] = answer.status;
      if (answer.status === 403) expect(answer.error.data.code).toBe("FORBIDDEN");
      if (answer.status === 404) expect(answer.error.data.reason).toBe("not_found");
    }
    expect(got).toEqual(expected);
  });

  test("tells another organization's people no more than an id that is nobody's", async () => {
    const there = await input();
    for (const who of ["strangerOwner", "strangerViewer"] as const) {
      const answer = await callers[who](procedure, there);
      if (expected[who] === 404) {
        expect(bytesOf(answer)).toEqual(bytesOf(await callers[who](procedure, nowhere(there))));
      }
      expect(answer.text).not.toContain(acme.organizationId);
      for (const value of Object.values(there)) {
        if (typeof value === "string" && value.length === 30 && value !== beta.gatewayId)
          expect(answer.text).not.toContain(value);
      }
    }
  });
});

describe("a second id in an input", () => {
  test("that is another organization's gateway is one that is nobody's", async () => {
    const { environmentId } = await insertPlace(world, beta);
    const ask = (gatewayId: string) => beta.call("applications.create", { environmentId, name: "Wiki", gatewayId });
    const answer = await ask(acme.gatewayId);
    expect([answer.status, answer.error.data.reason]).toEqual([404, "not_found"]);
    expect(bytesOf(answer)).toEqual(bytesOf(await ask(newId("gateway"))));
  });

  test("that is another organization's object finds no audit entry", async () => {
    const applicationId = await application();
    expect((await acme.call<{ items: unknown[] }>("audit.list", { objectId: applicationId })).data.items).toHaveLength(
      1,
    );
    expect((await beta.call<{ items: unknown[] }>("audit.list", { objectId: applicationId })).data.items).toEqual([]);
  });

  test("that is another organization's cursor shows nothing of it", async () => {
    const { data } = await beta.call<{ items: { organizationId?: string }[] }>("applications.list", {
      cursor: newId("application"),
    });
    expect(data.items.filter((item) => JSON.stringify(item).includes(acme.gatewayId))).toEqual([]);
  });
});
