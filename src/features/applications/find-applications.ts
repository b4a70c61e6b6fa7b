import { type SQL, sql } from "drizzle-orm";
import type { VisibleProjects } from "#src/access/authorization";
import { contains, oneOf } from "#src/database/conditions-in-sql";
import { rowsOf, type Transaction } from "#src/database/database";
import { selectExposureFacts } from "#src/delivery/exposure-facts";
import { exposureRank, selectExposure } from "#src/delivery/exposure-in-sql";
import { later } from "#src/platform/moment";
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
  const passwords = input.sort === "oldestPassword" ? oldestPasswords : sql``;
  const source = isByExposure
    ? sql`(${selectExposure(selectExposureFacts(which, now))}) x ${passwords}
      where ${oneOf(sql`x.state`, input.exposure)} and ${oneOf(sql`x.reason`, input.reason)}`
    : sql`(select a.application_id, a.name, a.created_at, a.changed_at, e.project_id from applications a
        join environments e on e.environment_id = a.environment_id where ${which}) x ${passwords}`;
  const direction = input.order === "asc" ? sql`asc` : sql`desc`;
  const after = input.cursor === undefined ? sql`true` : sql`application_id < ${input.cursor}`;
  const result = await tx.execute(sql`
    with found as materialized (
      select x.application_id, ${keyOf(input, reach)} as key from ${source}
    )
    select (select count(*)::int from found) as total, array(
      select application_id from found where ${after}
      order by key ${direction} nulls last, application_id ${direction} limit ${input.limit + 1} offset ${input.offset}
    ) as ids`);
  return rowsOf<Found>(result)[0] ?? { ids: [], total: 0 };
}

const oldestPasswords = sql`left join (
  select application_id, min(password_changed_at) as oldest from security group by application_id
) p on p.application_id = x.application_id`;

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
    conditions.push(isIn(reach.credentials));
    conditions.push(
      sql`a.application_id in (select application_id from security where password_changed_at < ${before})`,
    );
  }
  if (query !== undefined) {
    conditions.push(sql`(${contains(sql`a.name`, query)} or (${isIn(reach.routes)}
      and a.application_id in (select application_id from routes where ${contains(sql`host`, query)})))`);
  }
  return conditions;
}

/** Whether a project is one of these. */
function isIn(projects: VisibleProjects, column = sql`e.project_id`): SQL {
  return projects === "all" ? sql`true` : oneOf(column, projects);
}

/** What applications are sorted by. The worst exposure is the smallest. */
function keyOf({ sort }: ListApplications, { credentials }: ListReach): SQL {
  switch (sort) {
    case "name":
      return sql`lower(x.name)`;
    case "exposure":
      return exposureRank(sql`x.state`);
    case "changedAt":
      return sql`coalesce(x.changed_at, x.created_at)`;
    case "oldestPassword":
      return sql`case when ${isIn(credentials, sql`x.project_id`)} then p.oldest end`;
    case "createdAt":
      return sql`x.application_id`;
  }
}
