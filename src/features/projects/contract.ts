import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf, Version } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

export const CreateProject = z.strictObject({ name: Name });
export type CreateProject = z.infer<typeof CreateProject>;

export const ProjectById = z.strictObject({ projectId: IdInput });

export const UpdateProject = z.strictObject({ projectId: IdInput, name: Name });
export type UpdateProject = z.infer<typeof UpdateProject>;

export const ListProjects = z.strictObject(pageFields).prefault({});
export type ListProjects = z.infer<typeof ListProjects>;

export const Project = z.object({
  projectId: z.string(),
  name: z.string(),
  slug: z.string(),
  createdAt: Moment,
  version: Version,
  sync: Sync,
});
export type Project = z.infer<typeof Project>;

export const ProjectPage = pageOf(Project);
