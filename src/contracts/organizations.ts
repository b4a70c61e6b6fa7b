import { z } from "zod";
import { IdInput, Moment, Name, pageFields, pageOf } from "./page";
import { Sync } from "./sync-state";

const Access = z.enum(["public-when-empty", "protected"]);
const PasswordPolicy = z.enum(["advise", "enforce"]);

/** Without an id: the caller's own. */
export const OrganizationById = z.strictObject({ organizationId: IdInput.optional() }).prefault({});

export const UpdateOrganization = z
  .strictObject({
    organizationId: IdInput.optional(),
    name: Name.optional(),
    /** Copied to applications that are made from now on. */
    defaultAccess: Access.optional(),
    /** On: empty applications are shut at once, and what would make one public is refused. Off opens nothing. */
    neverPublic: z.boolean().optional(),
    passwordPolicy: PasswordPolicy.optional(),
  })
  .refine(({ organizationId: _, ...changes }) => Object.values(changes).some((value) => value !== undefined), {
    error: "nothing_to_change",
  });
export type UpdateOrganization = z.infer<typeof UpdateOrganization>;

export const ListOrganizations = z.strictObject(pageFields).prefault({});
export type ListOrganizations = z.infer<typeof ListOrganizations>;

export const Organization = z.object({
  organizationId: z.string(),
  name: z.string(),
  slug: z.string(),
  defaultAccess: Access,
  neverPublic: z.boolean(),
  passwordPolicy: PasswordPolicy,
  upstreams: z.enum(["any", "checked"]),
  founding: z.boolean(),
  createdAt: Moment,
  sync: Sync,
});
export type Organization = z.infer<typeof Organization>;

/** `shut`: the applications that were public until this very call. */
export const UpdatedOrganization = Organization.extend({
  shut: z.array(z.object({ applicationId: z.string(), name: z.string() })),
});
export type UpdatedOrganization = z.infer<typeof UpdatedOrganization>;

export const OrganizationPage = pageOf(Organization);
