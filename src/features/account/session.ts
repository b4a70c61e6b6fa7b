import { isAllowed, projectsWith } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import { isRole, levelOf, permissions } from "#src/access/permissions";
import type { Principal } from "#src/access/principal";
import type { Runtime } from "#src/access/runtime";
import { operation } from "#src/operations/operation";
import { callerReach } from "#src/operations/subject";
import { Session, SessionInput } from "./contract";
import { listOwnOrganizations } from "./rows";

/** The caller, as this request was authorized: the organization, and every permission that the caller has in it. */
export const session = operation(
  {
    name: "auth.session",
    summary: "Get the caller: the person or key, its role, and the organization of the request",
    permission: "session:read",
    on: callerReach,
    input: SessionInput,
    output: Session,
    errors: [],
    rest: { method: "GET", path: "/session" },
  },
  async (authorized) => {
    const { principal, organization, request } = authorized;
    const { organizationId, name, slug, root } = organization;
    const { presents, runtime } = request;
    const pending = principal.kind === "session" ? principal.pending : null;
    // a session with a password alone shows no permissions
    const showsOrganization = principal.standing !== null && pending !== "second_factor";
    return {
      principal: {
        kind: principal.kind,
        apiKeyId: principal.kind === "apiKey" ? principal.apiKeyId : null,
        userId: principal.kind === "commandLine" ? null : principal.userId,
        serviceAccountId: principal.kind === "apiKey" ? principal.serviceAccountId : null,
        email: principal.kind === "session" ? principal.email : null,
        name: principal.kind === "commandLine" ? null : principal.name,
        locale: principal.kind === "session" ? principal.locale : null,
        version: principal.kind === "session" ? principal.version : null,
        role: showsOrganization ? roleOf(principal) : null,
        methods: principal.kind === "session" ? [...principal.methods] : [],
      },
      pending,
      csrfToken: presents.kind === "session" ? runtime.signer.sign("csrf", presents.hash) : null,
      organization: showsOrganization ? { organizationId, name, slug, root } : null,
      organizations: await organizationsOf(principal, runtime),
      permissions:
        pending === null ? permissions.filter((permission) => isAllowed(principal, organization, permission)) : [],
      projects: pending === null ? projectsOf(authorized) : [],
    };
  },
);

/** What the caller may do at single projects, in addition to what counts for the whole organization. */
function projectsOf({ principal, organization, object }: Authorized<"session:read", Reach>): Session["projects"] {
  const byProject = new Map<string, string[]>();
  for (const permission of permissions) {
    if (levelOf(permission) !== "project" || isAllowed(principal, organization, permission)) continue;
    for (const projectId of projectsWith(principal, organization, object, permission)) {
      byProject.set(projectId, [...(byProject.get(projectId) ?? []), permission]);
    }
  }
  return [...byProject]
    .map(([projectId, held]) => ({ projectId, permissions: held }))
    .sort((one, other) => (one.projectId < other.projectId ? -1 : 1));
}

async function organizationsOf(principal: Principal, { database }: Runtime): Promise<Session["organizations"]> {
  if (principal.kind !== "session" || principal.pending === "second_factor") return [];
  const { userId, boundTo } = principal;
  const own = await database.transaction("identity", null, (tx) => listOwnOrganizations(tx, userId));
  return boundTo === null ? own : own.filter(({ organizationId }) => organizationId === boundTo);
}

function roleOf(principal: Principal): Session["principal"]["role"] {
  const grant = principal.kind === "apiKey" ? principal.grant : (principal.standing?.organization ?? null);
  return grant?.role && isRole(grant.role) ? grant.role : null;
}
