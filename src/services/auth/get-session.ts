import type { Session } from "../../contracts/auth";
import { isAllowed } from "../../core/authorization";
import { permissions } from "../../core/permissions";
import type { Authorized } from "../../persistence/authorized";

/** Who is asking, as this request was decided: the organization, and every permission that is held in it. */
export function getSession({ principal, organization }: Authorized<"session:read", "organization">): Session {
  const { organizationId, name, slug, founding } = organization;
  return {
    principal: {
      kind: principal.kind,
      apiKeyId: principal.kind === "apiKey" ? principal.apiKeyId : null,
      userId: principal.kind === "apiKey" ? principal.userId : null,
      role: principal.role,
    },
    organization: { organizationId, name, slug, founding },
    permissions: permissions.filter((permission) => isAllowed(principal, organization, permission)),
  };
}
