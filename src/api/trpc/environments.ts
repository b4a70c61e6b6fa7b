import {
  CreateEnvironment,
  Environment,
  EnvironmentById,
  EnvironmentPage,
  ListEnvironments,
  UpdateEnvironment,
} from "../../contracts/environments";
import { createEnvironment } from "../../services/environments/create-environment";
import { deleteEnvironment } from "../../services/environments/delete-environment";
import { getEnvironment } from "../../services/environments/get-environment";
import { listEnvironments } from "../../services/environments/list-environments";
import { updateEnvironment } from "../../services/environments/update-environment";
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
