import {
  CreateEnvironment,
  Environment,
  EnvironmentById,
  EnvironmentPage,
  ListEnvironments,
  UpdateEnvironment,
} from "../../features/environments/contract";
import { createEnvironment } from "../../features/environments/create";
import { deleteEnvironment } from "../../features/environments/delete";
import { listEnvironments } from "../../features/environments/list";
import { getEnvironment } from "../../features/environments/one";
import { updateEnvironment } from "../../features/environments/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const environments = t.router({
  create: procedure("environment:create", of.project)
    .input(CreateEnvironment)
    .output(Environment)
    .mutation(({ ctx, input }) => createEnvironment(ctx.authorized, input)),
  one: procedure("environment:read", of.environment)
    .input(EnvironmentById)
    .output(Environment)
    .query(({ ctx }) => getEnvironment(ctx.authorized)),
  list: procedure("environment:read", of.projectOrCaller)
    .input(ListEnvironments)
    .output(EnvironmentPage)
    .query(({ ctx, input }) => listEnvironments(ctx.authorized, input)),
  update: procedure("environment:update", of.environment)
    .input(UpdateEnvironment)
    .output(Environment)
    .mutation(({ ctx, input }) => updateEnvironment(ctx.authorized, input)),
  delete: procedure("environment:delete", of.environment)
    .input(EnvironmentById)
    .output(Environment)
    .mutation(({ ctx }) => deleteEnvironment(ctx.authorized)),
});
