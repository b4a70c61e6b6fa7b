import type { projects } from "../../../drizzle/projects";
import type { Project } from "../../contracts/projects";
import { type SyncTicket, unchanged } from "../../persistence/unit-of-work";

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
