import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments } from "#drizzle/projects";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { removeApplications } from "../applications/rows";
import { Environment, EnvironmentById } from "./contract";
import { environment } from "./resource";
import { presentEnvironment } from "./rows";

/** Deletes an environment with all applications in it, and returns its last state. Their hosts stay denied. */
export const remove = operation(
  {
    name: "environments.delete",
    summary: "Delete an environment with its applications; their hosts stay claimed and closed",
    permission: "environment:delete",
    on: environment,
    input: EnvironmentById,
    output: Environment,
    errors: [],
    rest: { method: "DELETE", path: "/environments/{environmentId}", status: 204 },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { environmentId } = work.authorized.object;
      // The lock waits for concurrent creations, which lock their environment by their foreign keys.
      await work.tx
        .select({ environmentId: environments.environmentId })
        .from(environments)
        .where(eq(environments.environmentId, environmentId))
        .for("update");
      const removed = await removeApplications(work, eq(applications.environmentId, environmentId));
      const [row] = await work.tx.delete(environments).where(eq(environments.environmentId, environmentId)).returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "environment", id: environmentId }, { name: row.name, applications: removed.length });
      return presentEnvironment(row, work.sync);
    });
  },
);
