import { sql } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import type { Authorized } from "#src/access/authorized";
import type { Organization } from "#src/access/organization";
import type { Permission } from "#src/access/permissions";
import { rowsOf } from "#src/database/database";
import { aheadInSql } from "#src/database/moments-in-sql";
import type { ForeignFile } from "#src/delivery/protocol/foreign-file";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { ExposureReason, StoredDeliveryCause } from "#src/platform/contract/sync-state";
import { isoText } from "#src/platform/moment";
import { gateway, type LocatedGateway } from "../gateways/resource";
import { asViewer } from "../gateways/rows";
import { type GatewayStatus, SyncStatus, SyncStatusInput } from "./contract";

type Reader = Authorized<"sync:read", LocatedGateway | Organization>;

/** The most unproven applications in a response. */
const most = 100;

/**
 * Returns the state of delivery, for one gateway or for all gateways that the organization sees. The root organization
 * also sees the gateways of others, but only its own applications. Other organizations see the number of the last
 * delivery that carried something of their own, because the gateway's counter would reveal how much others change, and
 * when.
 */
export const status = operation(
  {
    name: "sync.status",
    summary: "Get the state of delivery at the gateways",
    permission: "sync:read",
    on: orCaller(gateway),
    input: SyncStatusInput,
    output: SyncStatus,
    errors: [],
    rest: { method: "GET", path: "/sync/status" },
  },
  async (authorized, { gatewayId }) => {
    const statuses = await gatewayStatuses(authorized, gatewayId);
    const foreign = await foreignFilesOf(authorized);
    return {
      gateways: statuses.map((one) => {
        const files = foreign.get(one.gatewayId);
        return { ...one, ...(files ? { foreignFiles: [...files] } : {}) };
      }),
    };
  },
);

/** The states of one gateway or of all gateways that the organization sees, without foreign files. */
export async function gatewayStatuses<P extends Permission, O>(
  authorized: Authorized<P, O>,
  gatewayId?: string,
): Promise<GatewayStatus[]> {
  const { organizationId, root } = authorized.organization;
  const only = gatewayId === undefined ? sql`true` : sql`g.gateway_id = ${gatewayId}`;
  const rows = await asViewer(authorized, async (tx) =>
    rowsOf<Row>(
      await tx.execute(sql`
      select g.gateway_id as "gatewayId", g.name, own.revision,
        least(g.loaded_revision, own.revision) as "loadedRevision",
        case when ${root} or g.loaded_revision = own.revision then g.loaded_at end as "loadedAt",
        ${aheadInSql(sql`g.lease_until`, sql`now()`)} as led,
        g.cause, g.cause_since as "causeSince", g.compared_at as "comparedAt",
        (select count(*)::int from changes c
           where c.gateway_id = g.gateway_id and c.delivered_in is null
             and c.organization_id = ${organizationId}) as pending,
        (select min(c.created_at) from changes c
           where c.gateway_id = g.gateway_id and c.delivered_in is null
             and c.organization_id = ${organizationId}) as "pendingSince",
        (select coalesce(json_agg(u), '[]'::json) from (
           select s.application_id as "applicationId",
             coalesce(s.unproven, case when s.revision > g.loaded_revision then 'not_loaded' else 'not_proven' end) as reason
           from application_states s
           where s.gateway_id = g.gateway_id and s.organization_id = ${organizationId}
             and s.proven_revision < s.revision and not s.removed
           order by s.application_id limit ${most}) u) as unproven
      from gateways g cross join lateral (
        select case when ${root} then g.revision else coalesce(max(s.revision), 0) end as revision
        from application_states s where s.gateway_id = g.gateway_id and s.organization_id = ${organizationId}) own
      where ${only} order by g.gateway_id`),
    ),
  );
  return rows.map(present);
}

/** What the database returns: words are not checked yet. */
interface Row extends Omit<GatewayStatus, "foreignFiles" | "cause" | "unproven"> {
  readonly cause: string | null;
  readonly unproven: readonly { readonly applicationId: string; readonly reason: string }[];
}

const StoredReason = ExposureReason.catch("unrecognized");

function present(row: Row): GatewayStatus {
  return {
    ...row,
    cause: StoredDeliveryCause.nullable().parse(row.cause),
    unproven: row.unproven.map((one) => ({ ...one, reason: StoredReason.parse(one.reason) })),
    loadedAt: iso(row.loadedAt),
    causeSince: iso(row.causeSince),
    comparedAt: iso(row.comparedAt),
    pendingSince: iso(row.pendingSince),
  };
}

/** Foreign files in the gateways' folders, by gateway id. They belong to the installation, not to a tenant. */
async function foreignFilesOf(authorized: Reader): Promise<ReadonlyMap<string, readonly ForeignFile[]>> {
  if (!authorized.organization.root) return new Map();
  const rows = await authorized.request.runtime.database.transaction("host", null, (tx) =>
    tx.select({ gatewayId: gateways.gatewayId, files: gateways.foreignFiles }).from(gateways),
  );
  return new Map(rows.map(({ gatewayId, files }) => [gatewayId, files]));
}

/** Drivers return a time as text or as a date. */
const iso = (moment: string | Date | null) => (moment === null ? null : isoText(moment));
