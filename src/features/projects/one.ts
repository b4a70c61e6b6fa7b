import { eq } from "drizzle-orm";
import { projects } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { Project } from "./contract";
import { presentProject } from "./present-project";

/** One project. */
export async function getProject(authorized: Authorized<"project:read", "project">): Promise<Project> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx.select().from(projects).where(eq(projects.projectId, authorized.object.projectId));
    if (!row) throw new NotFound();
    return presentProject(row);
  });
}
