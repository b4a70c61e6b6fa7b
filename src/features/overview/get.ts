import { and, desc, eq, notLike, sql } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { isAllowed, visibleProjects } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import { readAs } from "#src/access/read-as";
import { oneOf } from "#src/database/conditions-in-sql";
import { rowsOf, type Transaction } from "#src/database/database";
import { readExposedNames } from "#src/delivery/alarms";
import { selectExposureFacts } from "#src/delivery/exposure-facts";
import { selectExposure } from "#src/delivery/exposure-in-sql";
import { operation } from "#src/operations/operation";
import { callerReach } from "#src/operations/subject";
import { alarmReasons, type ExposureReason } from "#src/platform/contract/sync-state";
import { presentAuditEntry } from "../audit-log/rows";
import type { GatewayStatus } from "../sync/contract";
import { gatewayStatuses } from "../sync/status";
import { GetOverview, Overview } from "./contract";

type Viewer = Authorized<"application:read", Reach>;

/** What is open, what is wrong and what changed, in one call. */
export const get = operation(
  {
    name: "overview.get",
    summary: "Get the applications by exposure, what needs attention, the gateways and the newest changes",
    permission: "application:read",
    on: callerReach,
    input: GetOverview,
    output: Overview,
    errors: [],
    rest: { method: "GET", path: "/overview" },
  },
  async (authorized) => {
    const { principal, organization } = authorized;
    const { applications, exposedNames, changes } = await readAs(authorized, async (tx) => ({
      applications: await readExposures(tx, authorized),
      exposedNames: visibleTo(authorized) === "all" ? await readExposedNames(tx, mostAttention) : null,
      changes: isAllowed(principal, organization, "audit:read") ? await newestChanges(tx, authorized) : null,
    }));
    const statuses = isAllowed(principal, organization, "sync:read") ? await gatewayStatuses(authorized) : null;
    return {
      applications: applications.counts,
      exposedNames: exposedNames && { total: exposedNames.total, items: [...exposedNames.names] },
      needsAttention: applications.attention,
      gateways: statuses?.map(inShort) ?? null,
      changes,
    };
  },
);

/** A gateway's state without what only the pages about gateways show. */
function inShort(status: GatewayStatus): NonNullable<Overview["gateways"]>[number] {
  const { gatewayId, name, led, revision, loadedRevision, cause, causeSince, pending, pendingSince } = status;
  return { gatewayId, name, led, revision, loadedRevision, cause, causeSince, pending, pendingSince };
}

/**
 * What needs attention, worst first. Other reasons are part of every delivery, or intended. The reasons of an alarm come
 * first also while it is not confirmed: then the state is `unknown`.
 */
const attention: readonly (readonly ExposureReason[])[] = [
  alarmReasons,
  ["not_our_router", "other_compile", "not_our_pass", "not_denied", "stopped", "not_judged"],
  ["delivery_fails", "gateway_does_not_answer", "gateway_does_not_load"],
  ["quarantined"],
  ["let_in_once", "proof_is_old", "gateway_went_back", "new_epoch", "rate_limited", "unrecognized"],
  ["not_provable_from_here", "tags_are_off"],
];

const mostAttention = 5;

const Exposures = Overview.pick({ needsAttention: true }).extend({ counts: Overview.shape.applications });

/** The projects whose applications the caller may read. */
function visibleTo({ principal, organization, object }: Viewer) {
  return visibleProjects(principal, organization, object, "application:read");
}

/** Counts the visible applications by exposure, and finds those that need attention, in one statement. */
async function readExposures(tx: Transaction, authorized: Viewer) {
  const { request } = authorized;
  const visible = visibleTo(authorized);
  const which = visible === "all" ? sql`true` : oneOf(sql`e.project_id`, visible);
  const exposures = selectExposure(selectExposureFacts(which, request.runtime.clock.now()));
  const rank = sql.join(
    attention.map((reasons, at) => sql`when ${oneOf(sql`reason`, reasons)} then ${at}::integer`),
    sql` `,
  );
  const result = await tx.execute(sql`
    with x as materialized (select application_id, state, reason, case ${rank} end as rank from (${exposures}) x)
    select (
      select json_build_object('total', count(*), 'public', count(*) filter (where state = 'public'),
        'protected', count(*) filter (where state = 'protected'), 'closed', count(*) filter (where state = 'closed'),
        'exposed', count(*) filter (where state = 'exposed'), 'unknown', count(*) filter (where state = 'unknown'))
      from x) as counts,
    coalesce((
      select json_agg(json_build_object('applicationId', a.application_id, 'projectId', e.project_id, 'name', a.name,
          'state', w.state, 'reason', w.reason) order by w.rank, w.application_id desc)
        from (select * from x where rank is not null order by rank, application_id desc limit ${mostAttention}) w
          join applications a on a.application_id = w.application_id
          join environments e on e.environment_id = a.environment_id), '[]'::json) as attention`);
  const [row] = rowsOf<{ counts: unknown; attention: unknown }>(result);
  const { counts, needsAttention } = Exposures.parse({ counts: row?.counts, needsAttention: row?.attention });
  return { counts, attention: needsAttention };
}

const newest = 8;

/** The newest changes of objects. Sign-ins change nothing. */
async function newestChanges(tx: Transaction, { organization: { organizationId } }: Viewer) {
  const rows = await tx
    .select()
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.organizationId, organizationId),
        eq(auditEntries.outcome, "done"),
        notLike(auditEntries.action, "auth.%"),
      ),
    )
    .orderBy(desc(auditEntries.auditId))
    .limit(newest);
  return rows.map(presentAuditEntry);
}
