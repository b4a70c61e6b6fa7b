import { type AnyColumn, and, eq, gt, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import { applicationStates, applications, changes, claims, organizations, routes, security } from "#drizzle/schema";
import type { Transaction } from "#src/database/database";
import { hasExpired } from "#src/platform/moment";
import type { ApplicationState, CredentialState, UpstreamState } from "#src/traefik/compiler/state";

/** The rows of one application, with its hashes still sealed. */
export interface StoredApplication extends Omit<ApplicationState, "credentials"> {
  readonly credentials: readonly (Omit<CredentialState, "hash"> & { readonly hashSealed: string })[];
}

export type StoredState = typeof applicationStates.$inferSelect;

/** Reads the present state of the applications that exist on this gateway, with one query per table. */
export async function readApplications(
  tx: Transaction,
  gatewayId: string,
  applicationIds: readonly string[],
  now: Date,
): Promise<StoredApplication[]> {
  if (applicationIds.length === 0) return [];
  const ofThese = and(eq(applications.gatewayId, gatewayId), among(applications.applicationId, applicationIds));
  const [found, credentialRows, routeRows] = await Promise.all([
    tx
      .select({
        applicationId: applications.applicationId,
        organizationId: applications.organizationId,
        name: applications.name,
        closedByHand: sql<boolean>`${applications.closedAt} is not null`,
        access: applications.access,
        openedBy: applications.openedBy,
        neverPublic: organizations.neverPublic,
        hashAlgorithm: applications.hashAlgorithm,
      })
      .from(applications)
      .innerJoin(organizations, eq(organizations.organizationId, applications.organizationId))
      .where(ofThese),
    tx
      .select({
        applicationId: security.applicationId,
        securityId: security.securityId,
        username: security.username,
        hashSealed: security.hashSealed,
        expiresAt: security.expiresAt,
      })
      .from(security)
      .where(among(security.applicationId, applicationIds)),
    tx
      .select({
        applicationId: routes.applicationId,
        routeId: routes.routeId,
        host: routes.host,
        pathPrefix: routes.pathPrefix,
        upstreams: routes.upstreams,
        enabled: routes.enabled,
      })
      .from(routes)
      .where(and(among(routes.applicationId, applicationIds), eq(routes.gatewayId, gatewayId))),
  ]);

  const credentials = grouped(credentialRows);
  const routesByApplication = grouped(routeRows);
  return found.map((application) => ({
    ...application,
    credentials: (credentials.get(application.applicationId) ?? []).map((row) => ({
      securityId: row.securityId,
      username: row.username,
      hashSealed: row.hashSealed,
      valid: !hasExpired(row.expiresAt, now),
    })),
    routes: (routesByApplication.get(application.applicationId) ?? []).map((row) => ({
      routeId: row.routeId,
      host: row.host,
      pathPrefix: row.pathPrefix === "" ? null : row.pathPrefix,
      upstreams: upstreamsOf(row.upstreams),
      enabled: row.enabled,
    })),
  }));
}

/** Reads what this gateway last received for these applications. */
export async function readStates(
  tx: Transaction,
  gatewayId: string,
  applicationIds: readonly string[],
): Promise<StoredState[]> {
  if (applicationIds.length === 0) return [];
  return tx
    .select()
    .from(applicationStates)
    .where(and(eq(applicationStates.gatewayId, gatewayId), among(applicationStates.applicationId, applicationIds)));
}

/** One deny file: a group of an organization's claimed hosts. */
export interface DenyGroup {
  readonly organizationId: string;
  readonly group: number;
}

/** Reads the hosts of one deny file, as they are claimed now. */
export async function readDenyHosts(tx: Transaction, gatewayId: string, deny: DenyGroup): Promise<string[]> {
  const rows = await tx
    .select({ value: claims.value })
    .from(claims)
    .where(
      and(
        eq(claims.organizationId, deny.organizationId),
        eq(claims.gatewayId, gatewayId),
        eq(claims.denyGroup, deny.group),
        eq(claims.kind, "host"),
      ),
    );
  return rows.map(({ value }) => value);
}

/** Lists every deny file that the claims of a gateway require. */
export async function listDenyGroups(tx: Transaction, gatewayId: string): Promise<DenyGroup[]> {
  const rows = await tx
    .selectDistinct({ organizationId: claims.organizationId, group: claims.denyGroup })
    .from(claims)
    .where(and(eq(claims.gatewayId, gatewayId), eq(claims.kind, "host"), isNotNull(claims.denyGroup)));
  return rows.flatMap(({ organizationId, group }) => (group === null ? [] : [{ organizationId, group }]));
}

/** Lists ids of the gateway's applications after `after`, in order. */
export async function pageOfApplications(
  tx: Transaction,
  gatewayId: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await tx
    .select({ applicationId: applications.applicationId })
    .from(applications)
    .where(and(eq(applications.gatewayId, gatewayId), gt(applications.applicationId, after)))
    .orderBy(applications.applicationId)
    .limit(limit);
  return rows.map(({ applicationId }) => applicationId);
}

/** Returns the applications that have pending changes. */
export async function pendingAmong(tx: Transaction, gatewayId: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx
    .selectDistinct({ applicationId: changes.applicationId })
    .from(changes)
    .where(and(eq(changes.gatewayId, gatewayId), isNull(changes.deliveredIn), among(changes.applicationId, ids)));
  return new Set(rows.flatMap(({ applicationId }) => applicationId ?? []));
}

/**
 * Lists states of the gateway after `after`, in order, with the fields that a comparison or the start of a prober
 * needs.
 */
export async function pageOfStates(tx: Transaction, gatewayId: string, after: string, limit: number) {
  return tx
    .select({
      applicationId: applicationStates.applicationId,
      organizationId: applicationStates.organizationId,
      revision: applicationStates.revision,
      provenRevision: applicationStates.provenRevision,
      provedAt: applicationStates.provedAt,
      removed: applicationStates.removed,
      digest: applicationStates.digest,
      intended: applicationStates.intended,
    })
    .from(applicationStates)
    .where(and(eq(applicationStates.gatewayId, gatewayId), gt(applicationStates.applicationId, after)))
    .orderBy(applicationStates.applicationId)
    .limit(limit);
}

/**
 * The schema does not guarantee the form of this column. A value of another form is not an upstream, and the compiler
 * reports its route.
 */
function upstreamsOf(stored: unknown): UpstreamState[] {
  if (!Array.isArray(stored)) return [];
  return stored.map((upstream: unknown) => {
    const { url, serverName } = { ...(upstream as Partial<UpstreamState> | null) };
    return { url: typeof url === "string" ? url : "", serverName: typeof serverName === "string" ? serverName : null };
  });
}

/**
 * Passes one parameter however many ids there are, so that the statement is always the same. The array comes from a
 * subquery, so that each id is looked up in the index; with the array itself, the query planner reads the whole gateway
 * instead.
 */
function among(column: AnyColumn, ids: readonly string[]): SQL {
  return sql`${column} = any(array(select unnest(string_to_array(${ids.join(",")}, ','))))`;
}

function grouped<Row extends { readonly applicationId: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.applicationId);
    if (group) group.push(row);
    else groups.set(row.applicationId, [row]);
  }
  return groups;
}
