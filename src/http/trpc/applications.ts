import {
  Application,
  ApplicationById,
  ApplicationPage,
  CreateApplication,
  CreatedApplication,
  ListApplications,
  UpdateApplication,
  UpdatedApplication,
} from "../../features/applications/contract";
import { createApplication } from "../../features/applications/create";
import { deleteApplication } from "../../features/applications/delete";
import { listApplications } from "../../features/applications/list";
import { getApplication } from "../../features/applications/one";
import { updateApplication } from "../../features/applications/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const applications = t.router({
  create: procedure("application:create", of.environment)
    .input(CreateApplication)
    .output(CreatedApplication)
    .mutation(({ ctx, input }) => createApplication(ctx.authorized, input)),
  one: procedure("application:read", of.application)
    .input(ApplicationById)
    .output(Application)
    .query(({ ctx }) => getApplication(ctx.authorized)),
  list: procedure("application:read", of.environmentOrCaller)
    .input(ListApplications)
    .output(ApplicationPage)
    .query(({ ctx, input }) => listApplications(ctx.authorized, input)),
  update: procedure("application:update", of.application)
    .input(UpdateApplication)
    .output(UpdatedApplication)
    .mutation(({ ctx, input }) => updateApplication(ctx.authorized, input)),
  delete: procedure("application:delete", of.application)
    .input(ApplicationById)
    .output(Application)
    .mutation(({ ctx }) => deleteApplication(ctx.authorized)),
});
