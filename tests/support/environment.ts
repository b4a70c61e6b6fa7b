import { environmentRows, projectRows } from "./rows/projects";
import type { GivenOrganization, World } from "./world";

export interface ProjectAndEnvironment {
  readonly projectId: string;
  readonly environmentId: string;
}

/** Inserts a project with one environment, for a test about objects in it. */
export async function insertEnvironment(
  world: World,
  { organizationId }: GivenOrganization,
): Promise<ProjectAndEnvironment> {
  const { projectId } = await projectRows.insert(world.db.owner, { organizationId });
  const { environmentId } = await environmentRows.insert(world.db.owner, { organizationId, projectId });
  return { projectId, environmentId };
}
