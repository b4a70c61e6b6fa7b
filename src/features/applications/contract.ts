import { z } from "zod";
import { Confirm, IdInput, Moment, Name, pageFields, pageOf, SearchText, Version } from "#src/platform/contract/fields";
import { Exposure, ExposureReason, ExposureState, Sync } from "#src/platform/contract/sync-state";
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
    /** For an access that makes the application public: the digest of `applications.preview`. */
    confirm: Confirm.optional(),
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

const ApplicationIds = z.array(IdInput).min(1).max(200);

export const UpdateApplications = z.strictObject({
  applicationIds: ApplicationIds,
  access: Access,
  /** For an access that makes one of them public: the digest of `applications.previewMany`. */
  confirm: Confirm.optional(),
});

export const PreviewApplication = z.strictObject({ applicationId: IdInput, access: Access });

export const PreviewApplications = z.strictObject({ applicationIds: ApplicationIds, access: Access });

/** What a change makes public. */
export const OpeningPreview = z.object({
  /** The first 20 applications. */
  becomePublic: z.array(
    z.object({
      applicationId: z.string(),
      name: z.string(),
      /** It is public only after it is reopened. */
      closedByHand: z.boolean(),
      /** The first 20 of its hosts, and the number of all. Null if the caller may not read routes. */
      hosts: z.object({ first: z.array(z.string()), count: z.number().int() }).nullable(),
    }),
  ),
  /** The number of all applications that become public. */
  total: z.number().int(),
  /** Whether the change is refused without `confirm`. */
  needsConfirmation: z.boolean(),
  /** For `confirm`. A change that makes something else public has another digest. */
  digest: z.string(),
});
export type OpeningPreview = z.infer<typeof OpeningPreview>;

export const UpdatedApplications = z.object({
  /** Once for each id of the request, in its order. */
  items: z.array(
    z.object({
      applicationId: z.string(),
      /** `never_public`: it would become public, and its organization allows no public applications. */
      outcome: z.enum(["updated", "unchanged", "not_found", "never_public"]),
    }),
  ),
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

/** What applications can be sorted by. Of two equal ones, the newer one counts as greater. */
const ApplicationSort = z.enum(["name", "exposure", "changedAt", "oldestPassword", "createdAt"]);

/** An application has to match every given field. */
const filterFields = {
  /** A part of its name, or of one of its hosts. */
  query: SearchText.optional(),
  exposure: z.array(ExposureState).min(1).max(20).optional(),
  reason: z.array(ExposureReason).min(1).max(50).optional(),
  projectId: IdInput.optional(),
  environmentId: IdInput.optional(),
  gatewayId: IdInput.optional(),
  access: Access.optional(),
  /** At least one of its passwords is older. */
  credentialsOlderThanDays: z.number().int().min(0).max(36_500).optional(),
};

export const ListApplications = z
  .strictObject({
    ...filterFields,
    /** The newest first, unless it says otherwise. */
    sort: ApplicationSort.default("createdAt"),
    order: z.enum(["asc", "desc"]).default("desc"),
    /** How many applications come before the first one of the page. */
    offset: z.number().int().min(0).max(10_000_000).default(0),
    ...pageFields,
  })
  .refine(
    (input) =>
      input.cursor === undefined || (input.sort === "createdAt" && input.order === "desc" && input.offset === 0),
    { error: "cursor_is_for_the_default_order", path: ["cursor"] },
  )
  .prefault({});
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
  version: Version,
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

/** A request of a visitor, as the gateway would see it. */
export const ExplainRequest = z.strictObject({
  host: z.string().min(1).max(300),
  path: z.string().min(1).max(255).default("/"),
  /** The address of the visitor. */
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  username: z.string().min(1).max(255).optional(),
  /** Without it, the gateway at which the organization has a route for the host, or its first one. */
  gatewayId: IdInput.optional(),
});
export type ExplainRequest = z.infer<typeof ExplainRequest>;

/**
 * What the gateway does with a request, by what was planned for it. `exposure` of the application says whether the
 * gateway was seen to enforce that.
 */
export const ExplainedRequest = z.object({
  gatewayId: z.string(),
  /** The host in the form of routes. */
  host: z.string(),
  /**
   * `reaches_upstream`: a visitor gets in without a password. `password`: with the right password of this username.
   * `refused`: whatever the visitor sends. `not_here`: no router answers that the caller may see.
   */
  verdict: z.enum(["reaches_upstream", "password", "refused", "not_here"]),
  /** The status of a refusal; null otherwise. */
  status: z.number().int().nullable(),
  /** Null if the verdict is `not_here`. */
  router: z
    .object({
      name: z.string(),
      /** Null: the host is claimed and has no route, so its deny answers. */
      route: z.object({ routeId: z.string(), host: z.string(), pathPrefix: z.string().nullable() }).nullable(),
      application: z.object({ applicationId: z.string(), name: z.string(), exposure: Exposure }).nullable(),
    })
    .nullable(),
  /** In the gateway's order, up to the one that refuses. */
  checks: z.array(
    z.object({
      check: z.enum(["headers", "addresses", "credentials", "upstream"]),
      outcome: z.enum(["passed", "refused", "asked", "unknown_username", "password_needed", "nowhere"]),
    }),
  ),
  upstreams: z.array(z.string()),
});
export type ExplainedRequest = z.infer<typeof ExplainedRequest>;

/** An application in a list, with what lies in it. */
export const ListedApplication = Application.extend({
  projectName: z.string(),
  environmentName: z.string(),
  gatewayName: z.string(),
  /** The first three of its hosts, and the number of all. Null if the caller may not read routes. */
  hosts: z.object({ first: z.array(z.string()), count: z.number().int() }).nullable(),
  /** Null if the caller may not read credentials. */
  credentials: z.object({ count: z.number().int(), oldestPasswordChangedAt: Moment.nullable() }).nullable(),
  /** When it, its credentials or its routes were last changed by someone. */
  changedAt: Moment,
});
export type ListedApplication = z.infer<typeof ListedApplication>;

/**
 * One page of applications. `total`: the number of applications that match the filter. `nextCursor` is null on the last
 * page, and in any other than the default order.
 */
export const ApplicationPage = pageOf(ListedApplication).extend({ total: z.number().int() });
