import { firstVersion } from "#drizzle/columns";
import { projects } from "#drizzle/projects";
import { freeSlug, orSlugTaken } from "#src/access/free-slug";
import type { Permission } from "#src/access/permissions";
import { type SyncTicket, unchanged, type Work } from "#src/access/unit-of-work";
import { newId } from "#src/platform/ids";
import type { Project } from "./contract";

/** The public form of a project. */
export function presentProject(row: typeof projects.$inferSelect, sync: SyncTicket = unchanged): Project {
  return {
    projectId: row.projectId,
    name: row.name,
    slug: row.slug,
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

/** Inserts a project, with its audit entry. */
export async function insertProject<P extends Permission, O>(
  work: Work<P, O>,
  name: string,
): Promise<typeof projects.$inferSelect> {
  const { random } = work.authorized.request.runtime;
  const row = {
    projectId: newId("project"),
    organizationId: work.organizationId,
    name,
    slug: await freeSlug(work.tx, projects, work.organizationId, name, random),
    createdAt: work.now,
    version: firstVersion,
  };
  await work.tx.insert(projects).values(row).catch(orSlugTaken);
  work.auditAs("projects.create", { kind: "project", id: row.projectId, name }, { name });
  return row;
}
