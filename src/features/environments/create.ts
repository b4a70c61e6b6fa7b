import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { project } from "../projects/resource";
import { CreateEnvironment, Environment } from "./contract";
import { insertEnvironment, presentEnvironment } from "./rows";

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
  async (authorized, { name, kind }) =>
    unitOfWork(
      authorized,
      async (work) => {
        const { projectId } = work.authorized.object;
        return presentEnvironment(await insertEnvironment(work, { projectId, name, kind }), work.sync);
      },
      { lock: "share" },
    ),
);
