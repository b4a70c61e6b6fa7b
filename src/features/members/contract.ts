import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf, SearchText, Version } from "#src/platform/contract/fields";
import { BuiltInRole } from "../roles/contract";

/** `role`: a built-in role, or null for none. `roleId`: a custom role. Exactly one of the two. */
const given = { role: BuiltInRole.nullable().optional(), roleId: IdInput.optional() };
const isOne = ({ role, roleId }: { role?: unknown; roleId?: unknown }) =>
  (role === undefined) !== (roleId === undefined);

export const MemberById = z.strictObject({ memberId: IdInput });

/** With null, they are a member only of the projects at which they have a role. */
export const UpdateMember = z
  .strictObject({ memberId: IdInput, ...given })
  .refine(isOne, { error: "either_role_or_role_id" });
export type UpdateMember = z.infer<typeof UpdateMember>;

/** With null, they have no role at this project. */
export const SetProjectRole = z
  .strictObject({ memberId: IdInput, projectId: IdInput, ...given })
  .refine(isOne, { error: "either_role_or_role_id" });
export type SetProjectRole = z.infer<typeof SetProjectRole>;

export const ListMembers = z
  .strictObject({
    ...pageFields,
    /** A part of the e-mail address or the name. */
    query: SearchText.optional(),
  })
  .prefault({});
export type ListMembers = z.infer<typeof ListMembers>;

/** The caller leaves the organization of the request. */
export const LeaveOrganization = z.strictObject({}).prefault({});

export const Member = z.object({
  memberId: z.string(),
  userId: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  /** Both null: a member of projects only. */
  role: BuiltInRole.nullable(),
  roleId: z.string().nullable(),
  /** Roles at projects; each adds to the role at the organization. */
  projectRoles: z.array(
    z.object({ projectId: z.string(), role: BuiltInRole.nullable(), roleId: z.string().nullable() }),
  ),
  createdAt: Moment,
  version: Version,
});
export type Member = z.infer<typeof Member>;

/** The last two fields are null for callers who may not change members. */
export const ListedMember = Member.extend({
  secondFactor: z.boolean().nullable(),
  /** When a session of the person was last used for this organization, to the minute; null if it never was. */
  lastSeenAt: Moment.nullable(),
});
export type ListedMember = z.infer<typeof ListedMember>;

export const MemberPage = pageOf(ListedMember);

/** `keysRevoked`: the number of the member's active API keys that ended with the membership. */
export const RemovedMember = Member.extend({ keysRevoked: z.number() });
export type RemovedMember = z.infer<typeof RemovedMember>;
