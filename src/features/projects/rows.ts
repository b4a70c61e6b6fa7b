import type { projects } from "#drizzle/projects";
import { type SyncTicket, unchanged } from "#src/access/unit-of-work";
import type { Project } from "./contract";

/** The public form of a project. */
export function presentProject(row: typeof projects.$inferSelect, sync: SyncTicket = unchanged): Project {
  return {
    projectId: row.projectId,
    name: row.name,
    slug: row.slug,
    createdAt: row.createdAt.toISOString(),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
