import { eq } from "drizzle-orm";
import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { NotFound } from "../../platform/errors";
import type { Environment, UpdateEnvironment } from "./contract";
import { presentEnvironment } from "./present-environment";

/** Renames an environment; its slug stays. */
export async function updateEnvironment(
  authorized: Authorized<"environment:update", "environment">,
  { name }: UpdateEnvironment,
): Promise<Environment> {
  return unitOfWork(authorized, async (work) => {
    const { environmentId, name: before } = work.authorized.object;
    const [row] = await work.tx
      .update(environments)
      .set({ name })
      .where(eq(environments.environmentId, environmentId))
      .returning();
    if (!row) throw new NotFound();
    work.audit("environments.update", { kind: "environment", id: environmentId }, { name: [before, name] });
    return presentEnvironment(row, work.sync);
  });
}
