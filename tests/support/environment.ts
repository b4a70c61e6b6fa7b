import { newId } from "../../src/platform/ids";
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
  const inserted = { projectId: newId("project"), environmentId: newId("environment") };
  const slug = inserted.projectId.replace("_", "-");
  await world.db.asOwner(
    `insert into projects (project_id, organization_id, name, slug, created_at) values ($1, $2, 'Project', $3, now())`,
    [inserted.projectId, organizationId, slug],
  );
  await world.db.asOwner(
    `insert into environments (environment_id, organization_id, project_id, name, slug, kind, created_at)
     values ($1, $2, $3, 'Production', $4, 'production', now())`,
    [inserted.environmentId, organizationId, inserted.projectId, slug],
  );
  return inserted;
}
