import { and, asc, eq, sql } from "drizzle-orm";
import { environments, projects } from "#drizzle/projects";
import { atProject, isAllowed, requireAllowed } from "#src/access/authorization";
import type { Reach } from "#src/access/organization";
import type { Permission } from "#src/access/permissions";
import type { Principal } from "#src/access/principal";
import type { Work } from "#src/access/unit-of-work";
import { Refusal } from "#src/platform/errors/refusal";
import { insertProject } from "../projects/rows";
import type { LocatedEnvironment } from "./resource";
import { insertEnvironment } from "./rows";

/** An environment by its name and the name of its project. */
export interface NamedEnvironment {
  readonly project: string;
  readonly environment: string;
  /** The kind of the environment if it is created. */
  readonly kind: LocatedEnvironment["kind"];
}

/**
 * Finds an environment by names, and creates what is missing of it. Only projects at which the caller has the
 * permission of the request count as found. Identical requests run one after the other, so that the second one finds
 * what the first one created.
 * @param reach the roles of the caller at projects
 * @throws Refusal `ambiguous_name` | `forbidden`, `key_scope` the caller may not create what is missing
 */
export async function findOrCreateEnvironment<P extends Permission, O>(
  work: Work<P, O>,
  reach: Reach,
  { project, environment, kind }: NamedEnvironment,
): Promise<Pick<LocatedEnvironment, "environmentId" | "projectId">> {
  const { tx, organizationId } = work;
  const lock = `portcullis:named-environment:${organizationId}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
  const projectId = (await findProject(work, reach, project)) ?? (await createProject(work, project));
  const found = await tx
    .select({ environmentId: environments.environmentId })
    .from(environments)
    .where(
      and(
        eq(environments.organizationId, organizationId),
        eq(environments.projectId, projectId),
        eq(environments.name, environment),
      ),
    )
    .orderBy(asc(environments.environmentId))
    .limit(2)
    .for("key share");
  const environmentId = onlyOne(found, "environment", environment)?.environmentId;
  if (environmentId !== undefined) return { environmentId, projectId };
  requireAllowed(callerAt(work, reach, projectId), work.authorized.organization, "environment:create", projectId);
  return insertEnvironment(work, { projectId, name: environment, kind });
}

async function findProject<P extends Permission, O>(
  work: Work<P, O>,
  reach: Reach,
  name: string,
): Promise<string | null> {
  const { tx, organizationId, authorized } = work;
  const named = await tx
    .select({ projectId: projects.projectId })
    .from(projects)
    .where(and(eq(projects.organizationId, organizationId), eq(projects.name, name)))
    .orderBy(asc(projects.projectId))
    .for("key share");
  const { organization, permission } = authorized;
  const open = named.filter(({ projectId }) =>
    isAllowed(callerAt(work, reach, projectId), organization, permission, projectId),
  );
  return onlyOne(open, "project", name)?.projectId ?? null;
}

/** A new project needs every permission at the organization, because no role has been given at it yet. */
async function createProject<P extends Permission, O>(work: Work<P, O>, name: string): Promise<string> {
  const { principal, organization, permission } = work.authorized;
  for (const needed of ["project:create", "environment:create", permission] as const) {
    requireAllowed(principal, organization, needed);
  }
  return (await insertProject(work, name)).projectId;
}

/** The caller with the roles at a project. */
function callerAt<P extends Permission, O>({ authorized }: Work<P, O>, reach: Reach, projectId: string): Principal {
  const role = reach.projects.find((one) => one.projectId === projectId);
  return atProject(authorized.principal, role?.grant ?? null);
}

function onlyOne<T>(found: readonly T[], kind: "project" | "environment", name: string): T | undefined {
  if (found.length > 1) throw new Refusal("ambiguous_name", { kind, name });
  return found[0];
}
