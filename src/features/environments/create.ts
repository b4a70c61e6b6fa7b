import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { freeSlug, orSlugTaken } from "../../access/free-slug";
import { unitOfWork } from "../../access/unit-of-work";
import { newId } from "../../platform/ids";
import type { CreateEnvironment, Environment } from "./contract";
import { presentEnvironment } from "./present-environment";

/** Makes an environment of a project: where its applications run, and how they are routed. */
export async function createEnvironment(
  authorized: Authorized<"environment:create", "project">,
  { name, kind }: CreateEnvironment,
): Promise<Environment> {
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
      work.audit("environments.create", { kind: "environment", id: row.environmentId, name }, { name, kind });
      return presentEnvironment(row, work.sync);
    },
    { lock: "share" },
  );
}
