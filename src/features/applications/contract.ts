import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf } from "../../platform/contract/page";
import { Exposure, Sync } from "../../platform/contract/sync-state";
import { CreatedCredential, PasswordInput, UsernameInput } from "../credentials/contract";
import { EnvironmentKind } from "../environments/contract";
import { Route, RouteInput } from "../routes/contract";

const Access = z.enum(["public-when-empty", "protected"]);
const HashAlgorithm = z.enum(["apr1", "bcrypt"]);

export const CreateApplication = z
  .strictObject({
    environmentId: IdInput.optional(),
    /** Instead of `environmentId`: the project with this name, and its environment. What does not exist is created. */
    project: z.strictObject({ name: Name }).optional(),
    /** `kind` is used only if the environment is created. */
    environment: z.strictObject({ name: Name, kind: EnvironmentKind.optional() }).optional(),
    name: Name,
    access: Access.optional(),
    hashAlgorithm: HashAlgorithm.optional(),
    gatewayId: IdInput.optional(),
    /**
     * If a credential is given too, both are created in one transaction and one delivery, so the route is never public
     * in between.
     */
    route: RouteInput.optional(),
    credential: z.strictObject({ username: UsernameInput, password: PasswordInput.optional() }).optional(),
  })
  .refine(
    ({ environmentId, project, environment }) =>
      environmentId === undefined
        ? project !== undefined && environment !== undefined
        : project === undefined && environment === undefined,
    { error: "either_environment_id_or_names" },
  );
export type CreateApplication = z.infer<typeof CreateApplication>;

export const ApplicationById = z.strictObject({ applicationId: IdInput });

export const UpdateApplication = z
  .strictObject({
    applicationId: IdInput,
    name: Name.optional(),
    access: Access.optional(),
    hashAlgorithm: HashAlgorithm.optional(),
  })
  .refine((input) => input.name !== undefined || input.access !== undefined || input.hashAlgorithm !== undefined, {
    error: "nothing_to_change",
  });
export type UpdateApplication = z.infer<typeof UpdateApplication>;

export const ListApplications = z.strictObject({ environmentId: IdInput.optional(), ...pageFields }).prefault({});
export type ListApplications = z.infer<typeof ListApplications>;

export const Application = z.object({
  applicationId: z.string(),
  environmentId: z.string(),
  projectId: z.string(),
  gatewayId: z.string(),
  name: z.string(),
  slug: z.string(),
  access: Access,
  openedBy: z.enum(["create", "delete", "access"]).nullable(),
  hashAlgorithm: HashAlgorithm,
  createdAt: Moment,
  exposure: Exposure,
  sync: Sync,
});
export type Application = z.infer<typeof Application>;

export const CreatedApplication = Application.extend({
  becamePublic: z.boolean(),
  route: Route.optional(),
  credential: CreatedCredential.optional(),
});
export type CreatedApplication = z.infer<typeof CreatedApplication>;

export const UpdatedApplication = Application.extend({ becamePublic: z.boolean() });
export type UpdatedApplication = z.infer<typeof UpdatedApplication>;

export const ApplicationPage = pageOf(Application);
