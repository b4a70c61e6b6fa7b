import { eq } from "drizzle-orm";
import { environments } from "../../../drizzle/projects";
import type { Environment } from "../../contracts/environments";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { presentEnvironment } from "./present-environment";

/** One environment. */
export async function getEnvironment(authorized: Authorized<"environment:read", "environment">): Promise<Environment> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx
      .select()
      .from(environments)
      .where(eq(environments.environmentId, authorized.object.environmentId));
    if (!row) throw new NotFound();
    return presentEnvironment(row);
  });
}
