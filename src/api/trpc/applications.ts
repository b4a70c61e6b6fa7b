import {
  Application,
  ApplicationById,
  ApplicationPage,
  CreateApplication,
  CreatedApplication,
  ListApplications,
  UpdateApplication,
  UpdatedApplication,
} from "../../contracts/applications";
import { createApplication } from "../../services/applications/create-application";
import { deleteApplication } from "../../services/applications/delete-application";
import { getApplication } from "../../services/applications/get-application";
import { listApplications } from "../../services/applications/list-applications";
import { updateApplication } from "../../services/applications/update-application";
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
