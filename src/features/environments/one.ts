import { eq } from "drizzle-orm";
import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { Environment } from "./contract";
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
