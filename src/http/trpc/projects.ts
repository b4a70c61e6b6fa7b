import {
  CreateProject,
  ListProjects,
  Project,
  ProjectById,
  ProjectPage,
  UpdateProject,
} from "../../features/projects/contract";
import { createProject } from "../../features/projects/create";
import { deleteProject } from "../../features/projects/delete";
import { listProjects } from "../../features/projects/list";
import { getProject } from "../../features/projects/one";
import { updateProject } from "../../features/projects/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const projects = t.router({
  create: procedure("project:create", of.caller)
    .input(CreateProject)
    .output(Project)
    .mutation(({ ctx, input }) => createProject(ctx.authorized, input)),
  one: procedure("project:read", of.project)
    .input(ProjectById)
    .output(Project)
    .query(({ ctx }) => getProject(ctx.authorized)),
  list: procedure("project:read", of.reach)
    .input(ListProjects)
    .output(ProjectPage)
    .query(({ ctx, input }) => listProjects(ctx.authorized, input)),
  update: procedure("project:update", of.project)
    .input(UpdateProject)
    .output(Project)
    .mutation(({ ctx, input }) => updateProject(ctx.authorized, input)),
  delete: procedure("project:delete", of.project)
    .input(ProjectById)
    .output(Project)
    .mutation(({ ctx }) => deleteProject(ctx.authorized)),
});
