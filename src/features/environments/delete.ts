import { eq } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { NotFound } from "../../platform/errors";
import { removeApplications } from "../applications/remove-applications";
import type { Environment } from "./contract";
import { presentEnvironment } from "./present-environment";

/** Deletes an environment with all applications in it, and answers what it was. Their hosts stay denied. */
export async function deleteEnvironment(
  authorized: Authorized<"environment:delete", "environment">,
): Promise<Environment> {
  return unitOfWork(authorized, async (work) => {
    const { environmentId } = work.authorized.object;
    // Locked against a creation beside this, which holds its environment by its foreign key.
    await work.tx
      .select({ environmentId: environments.environmentId })
      .from(environments)
      .where(eq(environments.environmentId, environmentId))
      .for("update");
    const removed = await removeApplications(work, eq(applications.environmentId, environmentId));
    const [row] = await work.tx.delete(environments).where(eq(environments.environmentId, environmentId)).returning();
    if (!row) throw new NotFound();
    work.audit(
      "environments.delete",
      { kind: "environment", id: environmentId },
      { name: row.name, applications: removed.length },
    );
    return presentEnvironment(row, work.sync);
  });
}
