import { z } from "zod";
import { Confirm, IdInput, Moment, Name, pageFields, pageOf, Secret, Version } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

const Access = z.enum(["public-when-empty", "protected"]);
const PasswordPolicy = z.enum(["advise", "enforce"]);

/** Without an id: the caller's own organization. */
export const OrganizationById = z.strictObject({ organizationId: IdInput.optional() }).prefault({});

const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());

export const CreateOrganization = z.strictObject({
  name: Name,
  /** The e-mail address of the first owner. */
  owner: Email,
  /** `checked`: upstreams cannot be on the machines of the installation, and names are resolved by Portcullis. */
  upstreams: z.enum(["any", "checked"]).default("checked"),
});
export type CreateOrganization = z.infer<typeof CreateOrganization>;

export const UpdateOrganization = z
  .strictObject({
    organizationId: IdInput.optional(),
    name: Name.optional(),
    /** Copied to applications that are created from now on. */
    defaultAccess: Access.optional(),
    /**
     * On: empty applications are closed at once, and a change that would make an application public is refused. Turning
     * it off opens nothing that the rule has closed, and needs `confirm`.
     */
    neverPublic: z.boolean().optional(),
    passwordPolicy: PasswordPolicy.optional(),
    /** On: people without a second factor can only enrol one. Keys keep working. */
    requireSecondFactor: z.boolean().optional(),
    /** The maximum lifetime of a new API key, in days; null for no limit. Existing keys do not change. */
    maxKeyDays: z.number().int().min(1).max(3_650).nullable().optional(),
    /** The number of live keys that one member, or one service account, may have. */
    maxKeysPerMember: z.number().int().min(1).max(1_000).optional(),
    /** For each key that has no limit of its own; null for no limit. */
    keyRequestsPerMinute: z.number().int().min(1).max(1_000_000).nullable().optional(),
    /** For `neverPublic: false`: the digest of `organizations.preview`. */
    confirm: Confirm.optional(),
  })
  .refine(
    ({ organizationId: _, confirm: __, ...changes }) => Object.values(changes).some((value) => value !== undefined),
    {
      error: "nothing_to_change",
    },
  );
export type UpdateOrganization = z.infer<typeof UpdateOrganization>;

/** The organization lifts the rule. */
export const PreviewOrganization = z.strictObject({
  organizationId: IdInput.optional(),
  neverPublic: z.literal(false),
});

export const ListOrganizations = z.strictObject(pageFields).prefault({});
export type ListOrganizations = z.infer<typeof ListOrganizations>;

export const Organization = z.object({
  organizationId: z.string(),
  name: z.string(),
  slug: z.string(),
  defaultAccess: Access,
  neverPublic: z.boolean(),
  passwordPolicy: PasswordPolicy,
  requireSecondFactor: z.boolean(),
  maxKeyDays: z.number().nullable(),
  maxKeysPerMember: z.number(),
  keyRequestsPerMinute: z.number().nullable(),
  upstreams: z.enum(["any", "checked"]),
  root: z.boolean(),
  createdAt: Moment,
  version: Version,
  sync: Sync,
});
export type Organization = z.infer<typeof Organization>;

/** Only this response contains `setupUrl`. */
export const CreatedOrganization = Organization.extend({
  ownerId: z.string(),
  /** The link with which the owner chooses a password, for half an hour; null for a person who had an account before. */
  setupUrl: Secret.nullable(),
});
export type CreatedOrganization = z.infer<typeof CreatedOrganization>;

/** `closed`: the applications that this call closed. */
export const UpdatedOrganization = Organization.extend({
  closed: z.array(z.object({ applicationId: z.string(), name: z.string() })),
});
export type UpdatedOrganization = z.infer<typeof UpdatedOrganization>;

export const OrganizationPage = pageOf(Organization);
