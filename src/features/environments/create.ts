import { environments } from "#drizzle/projects";
import { freeSlug, orSlugTaken } from "#src/access/free-slug";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { newId } from "#src/platform/ids";
import { project } from "../projects/resource";
import { CreateEnvironment, Environment } from "./contract";
import { presentEnvironment } from "./rows";

/** Creates an environment of a project. An environment defines where its applications run and how they are routed. */
export const create = operation(
  {
    name: "environments.create",
    summary: "Create an environment in a project",
    permission: "environment:create",
    on: project,
    input: CreateEnvironment,
    output: Environment,
    errors: [],
    rest: { method: "POST", path: "/projects/{projectId}/environments", status: 201 },
  },
  async (authorized, { name, kind }) => {
    const { random } = authorized.request.runtime;
    return unitOfWork(
      authorized,
      async (work) => {
        const row = {
          environmentId: newId("environment"),
          organizationId: work.organizationId,
          projectId: work.authorized.object.projectId,
          name,
          slug: await freeSlug(work.tx, environments, work.organizationId, name, random),
          kind,
          createdAt: work.now,
        };
        await work.tx.insert(environments).values(row).catch(orSlugTaken);
        work.audit({ kind: "environment", id: row.environmentId, name }, { name, kind });
        return presentEnvironment(row, work.sync);
      },
      { lock: "share" },
    );
  },
);
