import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf, Version } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

export const EnvironmentKind = z.enum(["development", "production"]);

export const CreateEnvironment = z.strictObject({
  projectId: IdInput,
  name: Name,
  kind: EnvironmentKind.default("development"),
});
export type CreateEnvironment = z.infer<typeof CreateEnvironment>;

export const EnvironmentById = z.strictObject({ environmentId: IdInput });

export const UpdateEnvironment = z.strictObject({ environmentId: IdInput, name: Name });
export type UpdateEnvironment = z.infer<typeof UpdateEnvironment>;

export const ListEnvironments = z.strictObject({ projectId: IdInput.optional(), ...pageFields }).prefault({});
export type ListEnvironments = z.infer<typeof ListEnvironments>;

export const Environment = z.object({
  environmentId: z.string(),
  projectId: z.string(),
  name: z.string(),
  slug: z.string(),
  kind: EnvironmentKind,
  createdAt: Moment,
  version: Version,
  sync: Sync,
});
export type Environment = z.infer<typeof Environment>;

export const EnvironmentPage = pageOf(Environment);
