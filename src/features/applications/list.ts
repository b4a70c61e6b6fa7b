import { eq, inArray, sql } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { gateways } from "#drizzle/gateways";
import { environments, projects } from "#drizzle/projects";
import { type VisibleProjects, visibleProjects } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import type { Permission } from "#src/access/permissions";
import { readAs } from "#src/access/read-as";
import type { Transaction } from "#src/database/database";
import { operation } from "#src/operations/operation";
import { callerReach, orElse } from "#src/operations/subject";
import { isoText } from "#src/platform/moment";
import { environment, type LocatedEnvironment } from "../environments/resource";
import { type LocatedProject, project } from "../projects/resource";
import { ApplicationPage, ListApplications, type ListedApplication } from "./contract";
import { findApplications, type ListReach } from "./find-applications";
import { applicationColumns, presentApplications } from "./rows";

type Lister = Authorized<"application:read", LocatedEnvironment | LocatedProject | Reach>;

/**
 * The applications that the caller may read and that match a filter: of one environment, of one project, or of all
 * projects that the caller sees.
 */
export const list = operation(
  {
    name: "applications.list",
    summary: "List, filter and sort the applications that the caller can see",
    permission: "application:read",
    on: orElse(environment, orElse(project, callerReach)),
    input: ListApplications,
    output: ApplicationPage,
    errors: [],
    rest: { method: "GET", path: "/applications" },
  },
  async (authorized, input) => {
    const now = authorized.request.runtime.clock.now();
    const reach = reachOf(authorized);
    return readAs(authorized, async (tx) => {
      const { ids, total } = await findApplications(tx, input, reach, now);
      const page = ids.slice(0, input.limit);
      const items = await present(tx, page, reach, now);
      const isDefaultOrder = input.sort === "createdAt" && input.order === "desc" && input.offset === 0;
      const nextCursor = isDefaultOrder && ids.length > input.limit ? (page.at(-1) ?? null) : null;
      return { items, nextCursor, total };
    });
  },
);

function reachOf({ principal, organization, object }: Lister): ListReach {
  const where = (permission: Permission) => visibleProjects(principal, organization, object, permission);
  return {
    applications: where("application:read"),
    routes: where("route:read"),
    credentials: where("security:read"),
  };
}

/** The public form of these applications, in this order. One that was deleted in the meantime is left out. */
async function present(
  tx: Transaction,
  ids: readonly string[],
  reach: ListReach,
  now: Date,
): Promise<ListedApplication[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .select({
      ...applicationColumns,
      projectName: projects.name,
      environmentName: environments.name,
      gatewayName: gateways.name,
      ...contents,
    })
    .from(applications)
    .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
    .innerJoin(projects, eq(projects.projectId, environments.projectId))
    .innerJoin(gateways, eq(gateways.gatewayId, applications.gatewayId))
    .where(inArray(applications.applicationId, [...ids]));
  const application = await presentApplications(tx, rows, now);
  const byId = new Map(rows.map((row) => [row.applicationId, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (!row) return [];
    const { hosts, hostCount, credentialCount, oldestPasswordChangedAt: oldest } = row;
    return [
      {
        ...application(row),
        projectName: row.projectName,
        environmentName: row.environmentName,
        gatewayName: row.gatewayName,
        hosts: isIn(reach.routes, row.projectId) ? { first: hosts, count: hostCount } : null,
        credentials: isIn(reach.credentials, row.projectId)
          ? { count: credentialCount, oldestPasswordChangedAt: oldest === null ? null : isoText(oldest) }
          : null,
        changedAt: (row.changedAt ?? row.createdAt).toISOString(),
      },
    ];
  });
}

const hosts = sql`(select distinct r.host from routes r where r.application_id = ${applications.applicationId})`;

/** What lies in an application. */
const contents = {
  hosts: sql<string[]>`array(select h.host from ${hosts} h order by h.host limit 3)`,
  hostCount: sql<number>`(select count(*)::int from ${hosts} h)`,
  credentialCount: sql<number>`(select count(*)::int from security s where s.application_id = ${applications.applicationId})`,
  oldestPasswordChangedAt: sql<string | Date | null>`(select min(s.password_changed_at) from security s
    where s.application_id = ${applications.applicationId})`,
};

function isIn(projects: VisibleProjects, projectId: string): boolean {
  return projects === "all" || projects.includes(projectId);
}
