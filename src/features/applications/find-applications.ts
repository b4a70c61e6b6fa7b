import { type SQL, sql } from "drizzle-orm";
import type { VisibleProjects } from "../../access/authorization";
import { contains, oneOf } from "../../database/conditions-in-sql";
import { rowsOf, type Transaction } from "../../database/database";
import { selectExposureFacts } from "../../delivery/exposure-facts";
import { exposureRank, selectExposure } from "../../delivery/exposure-in-sql";
import { later } from "../../platform/moment";
import type { ListApplications } from "./contract";

/** Where the caller may read what a list of applications depends on. */
export interface ListReach {
  readonly applications: VisibleProjects;
  readonly routes: VisibleProjects;
  readonly credentials: VisibleProjects;
}

interface Found {
  /** The ids of the page, in order. One more than the limit, if there are more. */
  readonly ids: readonly string[];
  /** The number of all applications that match. */
  readonly total: number;
}

const dayMs = 24 * 60 * 60_000;

/** Finds one page of applications in one statement. Exposure is decided only if the filter or the order needs it. */
export async function findApplications(
  tx: Transaction,
  input: ListApplications,
  reach: ListReach,
  now: Date,
): Promise<Found> {
  const which = sql.join(conditionsOf(input, reach, now), sql` and `);
  const isByExposure = input.exposure !== undefined || input.reason !== undefined || input.sort === "exposure";
  const source = isByExposure
    ? sql`(${selectExposure(selectExposureFacts(which, now))}) x
        join applications a on a.application_id = x.application_id
        join environments e on e.environment_id = a.environment_id
      where ${oneOf(sql`x.state`, input.exposure)} and ${oneOf(sql`x.reason`, input.reason)}`
    : sql`applications a join environments e on e.environment_id = a.environment_id where ${which}`;
  const direction = input.order === "asc" ? sql`asc` : sql`desc`;
  const after = input.cursor === undefined ? sql`true` : sql`application_id < ${input.cursor}`;
  const result = await tx.execute(sql`
    with found as materialized (
      select a.application_id, ${keyOf(input, reach)} as key from ${source}
    )
    select (select count(*)::int from found) as total, array(
      select application_id from found where ${after}
      order by key ${direction} nulls last, application_id ${direction} limit ${input.limit + 1} offset ${input.offset}
    ) as ids`);
  return rowsOf<Found>(result)[0] ?? { ids: [], total: 0 };
}

/** The conditions on an application `a` in its environment `e`. */
function conditionsOf(input: ListApplications, reach: ListReach, now: Date): SQL[] {
  const { query, credentialsOlderThanDays: days } = input;
  const conditions = [isIn(reach.applications)];
  if (input.environmentId !== undefined) conditions.push(sql`a.environment_id = ${input.environmentId}`);
  if (input.projectId !== undefined) conditions.push(sql`e.project_id = ${input.projectId}`);
  if (input.gatewayId !== undefined) conditions.push(sql`a.gateway_id = ${input.gatewayId}`);
  if (input.access !== undefined) conditions.push(sql`a.access = ${input.access}`);
  if (days !== undefined) {
    const before = sql`${later(now, -days * dayMs).toISOString()}::timestamptz`;
    conditions.push(sql`(${isIn(reach.credentials)} and exists (select 1 from security s
      where s.application_id = a.application_id and s.password_changed_at < ${before}))`);
  }
  if (query !== undefined) {
    conditions.push(sql`(${contains(sql`a.name`, query)} or (${isIn(reach.routes)} and exists (select 1 from routes r
      where r.application_id = a.application_id and ${contains(sql`r.host`, query)})))`);
  }
  return conditions;
}

/** Whether an application in the environment `e` is in one of these projects. */
function isIn(projects: VisibleProjects): SQL {
  return projects === "all" ? sql`true` : oneOf(sql`e.project_id`, projects);
}

/** What applications are sorted by. The worst exposure is the smallest. */
function keyOf({ sort }: ListApplications, { credentials }: ListReach): SQL {
  switch (sort) {
    case "name":
      return sql`lower(a.name)`;
    case "exposure":
      return exposureRank(sql`x.state`, sql`x.reason`);
    case "changedAt":
      return sql`coalesce(a.changed_at, a.created_at)`;
    case "oldestPassword":
      return sql`case when ${isIn(credentials)} then
        (select min(s.password_changed_at) from security s where s.application_id = a.application_id) end`;
    case "createdAt":
      return sql`a.application_id`;
  }
}
