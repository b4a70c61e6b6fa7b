import { createHash } from "node:crypto";
import { and, asc, eq, inArray, isNotNull, ne, notExists, type SQL, sql } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { routes } from "#drizzle/routes";
import { security } from "#drizzle/security";
import type { Transaction } from "#src/database/database";
import type { OpeningAct } from "#src/platform/errors/reasons/state";
import { Refusal } from "#src/platform/errors/refusal";
import type { OpeningPreview } from "./contract";

/** An application that a change makes public, and where visitors reach it. */
export interface OpenedApplication {
  readonly applicationId: string;
  readonly name: string;
  readonly isClosed: boolean;
  readonly routes: readonly { readonly host: string; readonly pathPrefix: string; readonly enabled: boolean }[];
}

/** What a change makes public. Its digest is the same only if it makes the same public. */
export interface Opening {
  readonly act: OpeningAct;
  readonly organizationId: string;
  /** Sorted by id, with sorted routes. */
  readonly applications: readonly OpenedApplication[];
}

/** An opening of nothing. */
export const opensNothing = (organizationId: string): Opening => ({ act: "access", organizationId, applications: [] });

/**
 * Finds which of these applications become public when their access becomes `public-when-empty`: those without a
 * credential, also if they are closed by hand, because they are public as soon as they are reopened.
 */
export function openedByAccess(
  tx: Transaction,
  organizationId: string,
  applicationIds: readonly string[],
): Promise<Opening> {
  const which = and(
    inArray(applications.applicationId, [...applicationIds]),
    ne(applications.access, "public-when-empty"),
  );
  return openingOf(tx, "access", organizationId, which);
}

/**
 * Finds which applications become public when the organization lifts `neverPublic`. Each act that opens is refused
 * under this rule, and turning it on removes all earlier ones. Only a restore or a change of rows by hand leaves any.
 */
export function openedByLifting(tx: Transaction, organizationId: string): Promise<Opening> {
  const which = and(isNotNull(applications.openedBy), eq(applications.access, "public-when-empty"));
  return openingOf(tx, "never_public", organizationId, which);
}

/** Finds which application becomes public when a credential is deleted. */
export function openedByDeletion(
  tx: Transaction,
  organizationId: string,
  { applicationId, securityId }: { readonly applicationId: string; readonly securityId: string },
): Promise<Opening> {
  const which = and(eq(applications.applicationId, applicationId), eq(applications.access, "public-when-empty"));
  return openingOf(tx, "deletion", organizationId, which, ne(security.securityId, securityId));
}

async function openingOf(
  tx: Transaction,
  act: Opening["act"],
  organizationId: string,
  which: SQL | undefined,
  remaining?: SQL,
): Promise<Opening> {
  const credentials = tx
    .select({ one: sql`1` })
    .from(security)
    .where(and(eq(security.applicationId, applications.applicationId), remaining));
  const rows = await tx
    .select({
      applicationId: applications.applicationId,
      name: applications.name,
      closedAt: applications.closedAt,
      host: routes.host,
      pathPrefix: routes.pathPrefix,
      enabled: routes.enabled,
    })
    .from(applications)
    .leftJoin(routes, eq(routes.applicationId, applications.applicationId))
    .where(and(eq(applications.organizationId, organizationId), which, notExists(credentials)))
    .orderBy(asc(applications.applicationId), asc(routes.host), asc(routes.pathPrefix));
  const opened = new Map<string, OpenedApplication & { readonly routes: OpenedApplication["routes"][number][] }>();
  for (const { applicationId, name, closedAt, host, pathPrefix, enabled } of rows) {
    const one = opened.get(applicationId) ?? { applicationId, name, isClosed: closedAt !== null, routes: [] };
    opened.set(applicationId, one);
    if (host !== null && pathPrefix !== null && enabled !== null) one.routes.push({ host, pathPrefix, enabled });
  }
  return { act, organizationId, applications: [...opened.values()] };
}

/** The digest of an opening, for `confirm`. */
export function digestOf({ act, organizationId, applications: opened }: Opening): string {
  const facts = opened.map(({ applicationId, name, isClosed, routes: places }) => [
    applicationId,
    name,
    isClosed,
    places.map(({ host, pathPrefix, enabled }) => [host, pathPrefix, enabled]),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([act, organizationId, facts]))
    .digest("base64url");
}

/**
 * Lifting `neverPublic` always needs a confirmation, and a change of access if it makes something public. The deletion of
 * a credential names its one application, and its response says whether that became public, so it needs none.
 */
function needsConfirmation({ act, applications: opened }: Opening): boolean {
  return act === "never_public" || (act === "access" && opened.length > 0);
}

/**
 * Checks that the caller has seen what a change makes public. The caller of this function has locked what it depends on.
 * @param confirm the digest of the preview that the caller has seen
 * @throws Refusal `confirmation_required` | `preview_changed`
 */
export function requireConfirmed(opening: Opening, confirm: string | undefined): void {
  const about = { act: opening.act, total: opening.applications.length };
  if (confirm === undefined) {
    if (needsConfirmation(opening)) throw new Refusal("confirmation_required", about);
    return;
  }
  if (confirm !== digestOf(opening)) throw new Refusal("preview_changed", about);
}

/** How many applications of a preview, and how many hosts of each of them, are named. */
const named = 20;

/**
 * The public form of an opening.
 * @param showsHosts whether the caller may read routes
 */
export function presentOpening(opening: Opening, showsHosts: boolean): OpeningPreview {
  const { applications: opened } = opening;
  return {
    becomePublic: opened.slice(0, named).map(({ applicationId, name, isClosed, routes: places }) => {
      const hosts = [...new Set(places.map(({ host }) => host))];
      return {
        applicationId,
        name,
        closedByHand: isClosed,
        hosts: showsHosts ? { first: hosts.slice(0, named), count: hosts.length } : null,
      };
    }),
    total: opened.length,
    needsConfirmation: needsConfirmation(opening),
    digest: digestOf(opening),
  };
}
