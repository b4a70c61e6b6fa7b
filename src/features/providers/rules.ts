import { and, eq, inArray } from "drizzle-orm";
import { roles } from "#drizzle/roles";
import { canGive } from "#src/access/authorization";
import type { Organization } from "#src/access/organization";
import { isRole, type Permission, permissionsOf } from "#src/access/permissions";
import type { Work } from "#src/access/unit-of-work";
import { AddressRefused, requireAllowedUrl } from "#src/identity/external/allowed-addresses";
import { type EmailProofSettings, proofProblem } from "#src/identity/external/email-proof";
import { Refusal } from "#src/platform/errors/refusal";

/** The fields of a provider that decide who may sign in by it, and which addresses this server calls. */
interface Wanted {
  readonly issuer?: string | undefined;
  readonly internalUrl?: string | null | undefined;
  readonly groupRoles?: Readonly<Record<string, string>> | undefined;
}

/**
 * A caller who configures a provider can sign in by it as any person of the organization, including an owner. The
 * caller therefore needs all permissions of an owner.
 * @throws Refusal `provider_above_own`
 * @throws Refusal `address_refused` | `internal_url_not_allowed` | `unknown_role`
 */
export async function requireProviderAllowed<P extends Permission, O>(
  work: Work<P, O>,
  { issuer, internalUrl, groupRoles }: Wanted,
): Promise<void> {
  const { principal, organization } = work.authorized;
  if (!canGive(principal, organization, permissionsOf("owner"))) {
    throw new Refusal("provider_above_own");
  }
  if (issuer !== undefined) requireAddress("issuer", issuer, organization);
  if (internalUrl) {
    if (organization.upstreams !== "any") {
      throw new Refusal("internal_url_not_allowed", { internalUrl });
    }
    requireAddress("internalUrl", internalUrl, organization);
  }
  await requireOwnRoles(work, groupRoles ?? {});
}

function requireAddress(field: "issuer" | "internalUrl", url: string, { upstreams }: Organization): void {
  try {
    requireAllowedUrl(url, upstreams === "any" ? "local" : "public");
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    throw new Refusal("address_refused", { field, url });
  }
}

async function requireOwnRoles<P extends Permission, O>(
  { tx, organizationId }: Work<P, O>,
  groupRoles: Readonly<Record<string, string>>,
): Promise<void> {
  const wanted = [...new Set(Object.values(groupRoles))].filter((role) => !isRole(role));
  if (wanted.length === 0) return;
  const found = await tx
    .select({ roleId: roles.roleId })
    .from(roles)
    .where(and(eq(roles.organizationId, organizationId), inArray(roles.roleId, wanted)));
  const unknown = wanted.filter((role) => !found.some(({ roleId }) => roleId === role));
  if (unknown.length > 0) throw new Refusal("unknown_role", { roles: unknown });
}

/**
 * Checks that the provider's settings, taken together, can prove an e-mail address.
 * @throws Refusal `trusted_domains_missing` | `issuer_of_many_tenants`
 */
export function requireProvable(settings: EmailProofSettings): void {
  const problem = proofProblem(settings);
  if (problem !== null) throw new Refusal(problem);
}
