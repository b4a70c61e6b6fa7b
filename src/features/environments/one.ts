import { eq } from "drizzle-orm";
import { environments } from "#drizzle/projects";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Environment, EnvironmentById } from "./contract";
import { environment } from "./resource";
import { presentEnvironment } from "./rows";

/** One environment. */
export const one = operation(
  {
    name: "environments.one",
    summary: "Get an environment",
    permission: "environment:read",
    on: environment,
    input: EnvironmentById,
    output: Environment,
    errors: [],
    rest: { method: "GET", path: "/environments/{environmentId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx
        .select()
        .from(environments)
        .where(eq(environments.environmentId, authorized.object.environmentId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentEnvironment(row);
    });
  },
);
