import type { environments } from "../../../drizzle/projects";
import type { Environment } from "../../contracts/environments";
import { type SyncTicket, unchanged } from "../../persistence/unit-of-work";

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
