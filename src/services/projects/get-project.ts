import { eq } from "drizzle-orm";
import { projects } from "../../../drizzle/projects";
import type { Project } from "../../contracts/projects";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { presentProject } from "./present-project";

/** One project. */
export async function getProject(authorized: Authorized<"project:read", "project">): Promise<Project> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx.select().from(projects).where(eq(projects.projectId, authorized.object.projectId));
    if (!row) throw new NotFound();
    return presentProject(row);
  });
}
