import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { asSync } from "#src/database/as-sync";
import { oneOf } from "#src/database/conditions-in-sql";
import { rowsOf } from "#src/database/database";
import { type ExposureFacts, exposureOf } from "#src/delivery/exposure";
import { exposureFactsOf, selectExposureFacts } from "#src/delivery/exposure-facts";
import { selectExposure } from "#src/delivery/exposure-in-sql";
import { alarmReasons, answeredBy, StoredUnprovenReason, UnprovenReason } from "#src/platform/contract/sync-state";
import { newId } from "#src/platform/ids";
import { later } from "#src/platform/moment";
import { insertEnvironment } from "../support/environment";
import { long } from "../support/length";
import { type GivenOrganization, insertGateway, openWorld, type World } from "../support/world";

const now = new Date("2026-06-01T12:00:00.000Z");
const minutesAgo = (minutes: number) => later(now, -minutes * 60_000).toISOString();
const [past, future] = [minutesAgo(1), minutesAgo(-1)];

interface Home {
  readonly organization: GivenOrganization;
  readonly environmentId: string;
  readonly neverPublic: boolean;
}

let world: World;
let homes: Home[];
let gateways: { gatewayId: string; loadedRevision: number; failing: boolean }[];

beforeAll(async () => {
  world = await openWorld();
  homes = await Promise.all(
    [true, false].map(async (neverPublic) => {
      const organization = await world.organization();
      await world.db.asOwner("update organizations set never_public = $2 where organization_id = $1", [
        organization.organizationId,
        neverPublic,
      ]);
      return { organization, neverPublic, environmentId: (await insertEnvironment(world, organization)).environmentId };
    }),
  );
  gateways = [];
  for (const loadedRevision of [0, 5]) {
    for (const failing of [true, false]) {
      const gatewayId = await insertGateway(world.db, world.runtime);
      await world.db.asOwner("update gateways set loaded_revision = $2, cause = $3 where gateway_id = $1", [
        gatewayId,
        loadedRevision,
        failing ? "disk_full" : null,
      ]);
      gateways.push({ gatewayId, loadedRevision, failing });
    }
  }
});
afterAll(() => world.close());

const intended = fc.constantFrom("public" as const, "protected" as const, "closed" as const);
const revision = fc.integer({ min: 0, max: 7 });

/** Rows of one application. Most of its values are few, so that equal and adjacent ones meet. */
const anyRows = fc.record({
  home: fc.nat(1),
  gateway: fc.nat(3),
  access: fc.constantFrom("public-when-empty" as const, "protected" as const),
  openedBy: fc.constantFrom(null, "create" as const, "delete" as const, "access" as const),
  credentials: fc.array(fc.constantFrom(null, past, now.toISOString(), future), { maxLength: 2 }),
  closedByHand: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  /** Whether each of its routes is enabled. */
  routes: fc.array(fc.boolean(), { maxLength: 2 }),
  changes: fc.array(fc.constantFrom<number | null>(null, 3, 3, 3), { maxLength: 2 }),
  delivered: fc.option(
    fc.record({
      revision,
      provenRevision: revision,
      intended,
      form: fc.constantFrom("stated" as const, "stated" as const, "quarantined" as const, "closed" as const),
      digest: fc.constantFrom("digest", "digest", null),
      provedAt: fc.constantFrom(minutesAgo(1), minutesAgo(1), minutesAgo(29), minutesAgo(30), minutesAgo(31), null),
      unproven: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        fc.constantFrom(...UnprovenReason.options, "", "no_route", "public", "a word of a later version"),
      ),
      alarm: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        fc.record({
          reason: fc.constantFrom(...alarmReasons, "a word of a later version"),
          hasEnded: fc.boolean(),
        }),
      ),
    }),
    { freq: 6 },
  ),
});
type Rows = typeof anyRows extends fc.Arbitrary<infer T> ? T : never;

const proven = {
  revision: 3,
  provenRevision: 3,
  intended: "public",
  form: "stated",
  digest: "digest",
  provedAt: minutesAgo(1),
  unproven: null,
  alarm: null,
} as const;
const exposed = { reason: "passed", hasEnded: false } as const;
const open = {
  home: 1,
  gateway: 3,
  access: "public-when-empty",
  openedBy: "create",
  credentials: [],
  closedByHand: false,

  changes: [],
  delivered: proven,
} as const;

/** Rows for each outcome, with the outcome. */
const outcomes: readonly (readonly [string, Partial<Rows>])[] = [
  ["public null", {}],
  ["protected null", { credentials: [null], delivered: { ...proven, intended: "protected" } }],
  ["closed null", { access: "protected", delivered: { ...proven, intended: "closed" } }],
  ["closed no_route", { routes: [] }],
  ["closed no_route", { routes: [], delivered: null }],
  ["closed closed_by_hand", { closedByHand: true, delivered: { ...proven, intended: "closed" } }],
  ["closed closed_by_hand", { closedByHand: true, routes: [], delivered: { ...proven, intended: "closed" } }],
  ["closed closed_by_hand", { closedByHand: true, routes: [], delivered: null }],
  ["unknown pending", { closedByHand: true }],
  ["unknown not_delivered", { closedByHand: true, delivered: null }],
  ["closed routes_disabled", { routes: [false, false] }],
  ["public null", { routes: [false, true] }],
  ["closed quarantined", { delivered: { ...proven, form: "closed" } }],
  ["public quarantined", { delivered: { ...proven, form: "quarantined" } }],
  ["unknown pending", { changes: [3, null] }],
  ["unknown pending", { credentials: [past] }],
  ["unknown pending", { home: 0 }],
  ["unknown delivery_fails", { changes: [null], gateway: 2 }],
  ["unknown not_delivered", { delivered: null }],
  ["unknown not_loaded", { delivered: { ...proven, revision: 7 } }],
  ["unknown not_proven", { delivered: { ...proven, provenRevision: 2 } }],
  ["unknown proof_is_old", { delivered: { ...proven, provedAt: minutesAgo(30) } }],
  ["unknown passed", { delivered: { ...proven, unproven: "passed" } }],
  ["exposed passed", { delivered: { ...proven, alarm: exposed } }],
  ["exposed passed", { changes: [null], gateway: 2, delivered: { ...proven, alarm: exposed } }],
  ["exposed passed", { delivered: { ...proven, provenRevision: 0, unproven: "gateway_went_back", alarm: exposed } }],
  ["exposed passed", { closedByHand: true, routes: [], delivered: { ...proven, alarm: exposed } }],
  ["exposed unrecognized", { delivered: { ...proven, alarm: { ...exposed, reason: "a word of a later version" } } }],
  ["public null", { delivered: { ...proven, alarm: { ...exposed, hasEnded: true } } }],
  ["unknown unrecognized", { delivered: { ...proven, provenRevision: 0, unproven: "a word of a later version" } }],
];
const examples: Rows[] = outcomes.map(([, change]) => ({
  ...open,
  credentials: [],
  routes: [true],
  changes: [],
  ...change,
}));

const answer = { request: "HEAD wiki.example/", status: 200, server: "nginx", at: past };

function alarmOf(word: string) {
  const reason = StoredUnprovenReason.parse(word);
  return { reason, seen: { ...answer, since: past, answeredBy: answeredBy(reason) } };
}

/** What the rows mean. */
function factsOf({ home, gateway, delivered, ...rows }: Rows): ExposureFacts {
  const { loadedRevision = 0, failing = false } = gateways[gateway] ?? {};
  return {
    closedByHand: rows.closedByHand,
    access: rows.access,
    openedBy: rows.openedBy,
    neverPublic: homes[home]?.neverPublic ?? true,
    credentials: rows.credentials.map((expiresAt) => ({ valid: expiresAt === null || expiresAt === future })),
    hasRoute: rows.routes.length > 0,
    hasEnabledRoute: rows.routes.includes(true),
    pending: rows.changes.includes(null),
    delivered: delivered && {
      ...delivered,
      unproven: StoredUnprovenReason.nullable().parse(delivered.unproven),
      alarm: delivered.alarm === null || delivered.alarm.hasEnded ? null : alarmOf(delivered.alarm.reason),
      proofIsOld:
        delivered.digest !== null && ![minutesAgo(1), minutesAgo(29)].includes(delivered.provedAt ?? minutesAgo(31)),
    },
    loadedRevision,
    failing,
  };
}

async function insert(table: string, rows: readonly Record<string, unknown>[]) {
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  await world.db.asOwner(
    `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1::text::jsonb)`,
    [JSON.stringify(rows)],
  );
}

/** Inserts the rows of each application, and returns its id. */
async function given(all: readonly Rows[]): Promise<string[]> {
  const applications = all.map((rows) => {
    const home = homes[rows.home];
    const ids = {
      application_id: newId("application"),
      organization_id: home?.organization.organizationId,
      gateway_id: gateways[rows.gateway]?.gatewayId,
    };
    return { rows, environmentId: home?.environmentId, ids };
  });
  const created_at = past;
  const each = (table: string, of: (one: (typeof applications)[number]) => Record<string, unknown>[]) =>
    insert(table, applications.flatMap(of));
  await each("applications", ({ rows, ids, environmentId }) => [
    {
      ...ids,
      environment_id: environmentId,
      name: "Wiki",
      slug: ids.application_id,
      access: rows.access,
      opened_by: rows.openedBy,
      hash_algorithm: "apr1",
      closed_at: rows.closedByHand ? past : null,
      closed_reason: rows.closedByHand ? "Maintenance." : null,
      closed_by_kind: rows.closedByHand ? "system" : null,
      created_at,
    },
  ]);
  await each("security", ({ rows, ids: { gateway_id: _, ...ids } }) =>
    rows.credentials.map((expires_at, at) => ({
      ...ids,
      security_id: newId("credential"),
      username: `user-${at}`,
      hash_sealed: "none",
      hash_algorithm: "apr1",
      created_at,
      password_changed_at: created_at,
      expires_at,
    })),
  );
  await each("routes", ({ rows, ids }) =>
    rows.routes.map((enabled, at) => ({
      ...ids,
      route_id: newId("route"),
      host: `${at}.${ids.application_id}.example`,
      path_prefix: "",
      upstreams: [],
      upstream_keys: [],
      enabled,
      created_at,
    })),
  );
  await each("changes", ({ rows, ids }) =>
    rows.changes.map((delivered_in) => ({
      ...ids,
      change_id: newId("change"),
      closes: false,
      created_at,
      delivered_in,
      delivered_at: delivered_in === null ? null : created_at,
    })),
  );
  await each("application_states", ({ rows: { delivered }, ids }) =>
    delivered === null
      ? []
      : [
          {
            ...ids,
            revision: delivered.revision,
            digest: delivered.digest,
            tag: "tag",
            intended: delivered.intended,
            form: delivered.form,
            diagnostics: [],
            probes: [],
            removed: false,
            delivered_at: created_at,
            proven_revision: delivered.provenRevision,
            proved_at: delivered.provedAt,
            unproven: delivered.unproven,
            alarm_since: delivered.alarm === null ? null : past,
            alarm_reason: delivered.alarm?.reason ?? null,
            alarm_answer: delivered.alarm === null ? null : { ...answer, proven: false },
            alarm_ended_at: delivered.alarm?.hasEnded ? past : null,
          },
        ],
  );
  return applications.map(({ ids }) => ids.application_id);
}

test("the exposure in SQL is the exposure of the same facts (DK-3)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRows, { minLength: 60, maxLength: 60 }), async (all) => {
      const ids = await given(all);
      const { inSql, facts } = await asSync(world.runtime.database, async (tx) => {
        const query = selectExposure(selectExposureFacts(oneOf(sql`a.application_id`, ids), now));
        const found = rowsOf<{ application_id: string; state: string; intended: string; reason: string | null }>(
          await tx.execute(query),
        );
        return {
          inSql: new Map(found.map(({ application_id, ...row }) => [application_id, row])),
          facts: await exposureFactsOf(tx, ids, now),
        };
      });
      for (const [at, rows] of all.entries()) {
        const id = ids[at] ?? "";
        const { state, intended: wanted, provedAt, reason = null } = exposureOf(factsOf(rows));
        expect(inSql.get(id)).toMatchObject({ state, intended: wanted, reason });
        const read = facts.get(id);
        expect(read && exposureOf(read)).toEqual(exposureOf(factsOf(rows)));
        if (provedAt !== null) expect(rows.delivered?.provedAt).toBe(provedAt);
        if (all === examples) expect(`${state} ${reason}`).toBe(outcomes[at]?.[0]);
      }
    }),
    { numRuns: long(60, 8), examples: [[examples]] },
  );
});
