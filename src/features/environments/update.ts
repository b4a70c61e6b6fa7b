import { eq } from "drizzle-orm";
import { environments } from "#drizzle/projects";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Environment, UpdateEnvironment } from "./contract";
import { environment } from "./resource";
import { presentEnvironment } from "./rows";

/** Renames an environment; its slug stays. */
export const update = operation(
  {
    name: "environments.update",
    summary: "Rename an environment",
    permission: "environment:update",
    on: environment,
    input: UpdateEnvironment,
    output: Environment,
    errors: [],
    rest: { method: "PATCH", path: "/environments/{environmentId}" },
  },
  async (authorized, { name }) => {
    return unitOfWork(authorized, async (work) => {
      const { environmentId, name: before } = work.authorized.object;
      const [row] = await work.tx
        .update(environments)
        .set({ name })
        .where(eq(environments.environmentId, environmentId))
        .returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "environment", id: environmentId }, { name: [before, name] });
      return presentEnvironment(row, work.sync);
    });
  },
);
