import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf } from "../../platform/contract/page";
import { Exposure, Sync } from "../../platform/contract/sync-state";
import { CreatedCredential, PasswordInput, UsernameInput } from "../credentials/contract";
import { Route, RouteInput } from "../routes/contract";

const Access = z.enum(["public-when-empty", "protected"]);
const HashAlgorithm = z.enum(["apr1", "bcrypt"]);

export const CreateApplication = z.strictObject({
  environmentId: IdInput,
  name: Name,
  access: Access.optional(),
  hashAlgorithm: HashAlgorithm.optional(),
  gatewayId: IdInput.optional(),
  /**
   * If a credential is given too, both are created in one transaction and one delivery, so the route is never public in
   * between.
   */
  route: RouteInput.optional(),
  credential: z.strictObject({ username: UsernameInput, password: PasswordInput.optional() }).optional(),
});
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

/** Why an application is closed or reopened, in the words of the person who does it. Everyone who can see it reads it. */
const ClosingReason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .refine((reason) => !/\p{Cc}|\p{Cs}/u.test(reason), { error: "control_character" });

export const CloseApplication = z.strictObject({ applicationId: IdInput, reason: ClosingReason });

export const ReopenApplication = z.strictObject({ applicationId: IdInput, reason: ClosingReason });

/** Opening several applications at once is not offered. */
export const UpdateApplications = z.strictObject({
  applicationIds: z.array(IdInput).min(1).max(200),
  access: z.literal("protected"),
});

export const UpdatedApplications = z.object({
  /** Once for each id of the request, in its order. */
  items: z.array(z.object({ applicationId: z.string(), outcome: z.enum(["updated", "unchanged", "not_found"]) })),
  sync: Sync,
});

export const MoveApplication = z.strictObject({ applicationId: IdInput, environmentId: IdInput });

export const ApplicationConfiguration = z.object({
  fileName: z.string(),
  /** The file, as JSON, which is YAML too, with hashes hidden. Null: the application has no route, so it has no file. */
  text: z.string().nullable(),
  intended: z.enum(["public", "protected", "closed"]),
  /** `quarantined` and `closed`: a part of the rows is not valid, and only what is known to be safe is written. */
  form: z.enum(["stated", "quarantined", "closed"]),
  /** What is not valid: an id, and the problem. */
  diagnostics: z.array(z.object({ subject: z.string(), problem: z.string() })),
});

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
  /** Since when no visitor gets in, why, and who decided that. Null: it is not closed by hand. */
  closed: z
    .object({
      at: Moment,
      reason: z.string(),
      by: z.object({
        kind: z.enum(["person", "serviceAccount", "apiKey", "commandLine", "system"]),
        id: z.string().nullable(),
        name: z.string().nullable(),
      }),
    })
    .nullable(),
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

/** `becamePublic`: this call made the application public, because it has no credential. */
export const ReopenedApplication = Application.extend({ becamePublic: z.boolean() });

export const ApplicationPage = pageOf(Application);
