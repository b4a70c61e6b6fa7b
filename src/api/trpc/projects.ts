import {
  CreateProject,
  ListProjects,
  Project,
  ProjectById,
  ProjectPage,
  UpdateProject,
} from "../../contracts/projects";
import { createProject } from "../../services/projects/create-project";
import { deleteProject } from "../../services/projects/delete-project";
import { getProject } from "../../services/projects/get-project";
import { listProjects } from "../../services/projects/list-projects";
import { updateProject } from "../../services/projects/update-project";
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
