import type { environments } from "#drizzle/projects";
import { type SyncTicket, unchanged } from "#src/access/unit-of-work";
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
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
