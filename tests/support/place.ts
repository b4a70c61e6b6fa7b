import { environmentRows, projectRows } from "./rows/projects";
import type { GivenOrganization, World } from "./world";

export interface Place {
  readonly projectId: string;
  readonly environmentId: string;
}

/** Inserts a project with one environment, for a test about objects in it. */
export async function insertPlace(world: World, { organizationId }: GivenOrganization): Promise<Place> {
  const { projectId } = await projectRows.insert(world.db.owner, { organizationId });
  const { environmentId } = await environmentRows.insert(world.db.owner, { organizationId, projectId });
  return { projectId, environmentId };
}
