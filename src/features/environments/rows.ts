import { firstVersion } from "#drizzle/columns";
import { environments } from "#drizzle/projects";
import { freeSlug, orSlugTaken } from "#src/access/free-slug";
import type { Permission } from "#src/access/permissions";
import { type SyncTicket, unchanged, type Work } from "#src/access/unit-of-work";
import { newId } from "#src/platform/ids";
import type { Environment } from "./contract";

/** The public form of an environment. */
export function presentEnvironment(row: typeof environments.$inferSelect, sync: SyncTicket = unchanged): Environment {
  return {
    environmentId: row.environmentId,
    projectId: row.projectId,
    name: row.name,
    slug: row.slug,
    kind: row.kind,
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

/** Inserts an environment of a project, with its audit entry. */
export async function insertEnvironment<P extends Permission, O>(
  work: Work<P, O>,
  { projectId, name, kind }: Pick<Environment, "projectId" | "name" | "kind">,
): Promise<typeof environments.$inferSelect> {
  const { random } = work.authorized.request.runtime;
  const row = {
    environmentId: newId("environment"),
    organizationId: work.organizationId,
    projectId,
    name,
    slug: await freeSlug(work.tx, environments, work.organizationId, name, random),
    kind,
    createdAt: work.now,
    version: firstVersion,
  };
  await work.tx.insert(environments).values(row).catch(orSlugTaken);
  work.auditAs("environments.create", { kind: "environment", id: row.environmentId, name }, { name, kind });
  return row;
}
