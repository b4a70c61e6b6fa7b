import { arrayContains, eq, isNull, sql } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { oidcProviders, sessions } from "#drizzle/persons";
import type { Runtime } from "#src/access/runtime";
import type { Transaction } from "#src/database/database";
import { isNarrower } from "#src/identity/external/admission";
import { logLastOwnerKept, reapplyGroups } from "#src/identity/external/end-of-groups";
import { isSameIssuer } from "#src/identity/external/endpoints";
import { headerProvider } from "#src/identity/external/hand-over";
import { clientSecretSealContext } from "#src/identity/external/provider";
import { rootOrganizationId } from "#src/identity/external/sign-in-by-provider";
import { trustedHeaderButton } from "#src/identity/external/trusted-header";
import type { Method } from "#src/identity/sessions";
import { newId } from "#src/platform/ids";
import type { SettingsProvider } from "./contract";
import { endSessionsOfProvider, forgetIdentities } from "./rows";

type Needed = Pick<Runtime, "database" | "sealer" | "clock" | "installationId" | "log">;

/** An arbitrary number that no other advisory lock in this database uses. */
const providersLock = 7_402_118_339;

/** A slug in the settings is already the slug of an organization's provider. */
export class SlugTaken extends Error {
  override readonly name = "SlugTaken";
  constructor(slug: string) {
    super(`PORTCULLIS_OIDC_PROVIDERS must have another slug than ${slug}: an organization's provider has it`);
  }
}

/**
 * Makes the installation's providers match the settings. A provider that is no longer in the settings is disabled, and
 * the sessions that it opened and what its groups gave end.
 * @throws SlugTaken
 */
export async function ensureSettingsProviders(runtime: Needed, wanted: readonly SettingsProvider[]): Promise<void> {
  await runtime.database.transaction("host", null, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${providersLock}::bigint)`);
    const present = await tx.select().from(oidcProviders).where(isNull(oidcProviders.organizationId));
    for (const provider of wanted) {
      const before = present.find(({ slug }) => slug === provider.slug);
      if (before) await change(tx, runtime, before, provider);
      else await insert(tx, runtime, provider);
    }
    const missing = present.filter(({ slug, enabled }) => enabled && !wanted.some((one) => one.slug === slug));
    for (const { providerId, slug } of missing) {
      await tx.update(oidcProviders).set({ enabled: false }).where(eq(oidcProviders.providerId, providerId));
      await reapplyInRoot(tx, runtime, { providerId, slug }, null);
      const endedSessions = await endSessionsOfProvider(tx, providerId);
      await audit(tx, runtime, "providers.update", { providerId, slug }, { enabled: [true, false], endedSessions });
    }
  });
}

async function insert(tx: Transaction, runtime: Needed, { clientSecret, ...provider }: SettingsProvider) {
  const [taken] = await tx.select().from(oidcProviders).where(eq(oidcProviders.slug, provider.slug));
  if (taken) throw new SlugTaken(provider.slug);
  const providerId = newId("provider");
  await tx.insert(oidcProviders).values({
    ...provider,
    providerId,
    organizationId: null,
    clientSecretSealed:
      clientSecret === null ? null : runtime.sealer.seal(clientSecretSealContext(providerId), clientSecret),
    createdAt: runtime.clock.now(),
  });
  const { issuer, clientId } = provider;
  await audit(tx, runtime, "providers.create", { providerId, slug: provider.slug }, { issuer, clientId });
}

async function change(
  tx: Transaction,
  runtime: Needed,
  before: typeof oidcProviders.$inferSelect,
  { clientSecret, ...wanted }: SettingsProvider,
): Promise<void> {
  const { providerId, clientSecretSealed } = before;
  const fields = Object.entries({ ...wanted, enabled: true }).filter(
    ([field, value]) => !isSame(Reflect.get(before, field), value),
  );
  const context = clientSecretSealContext(providerId);
  const known = clientSecretSealed === null ? null : runtime.sealer.open(context, clientSecretSealed);
  const isSameSecret = clientSecret === null ? known === null : known?.ok === true && known.plaintext === clientSecret;
  if (fields.length === 0 && isSameSecret) return;
  await tx
    .update(oidcProviders)
    .set({
      ...Object.fromEntries(fields),
      clientSecretSealed: clientSecret === null ? null : runtime.sealer.seal(context, clientSecret),
    })
    .where(eq(oidcProviders.providerId, providerId));
  const isAnother = !isSameIssuer(before.issuer, wanted.issuer);
  if (isAnother || !isSame(before.groupRoles, wanted.groupRoles)) {
    await reapplyInRoot(tx, runtime, before, isAnother ? null : wanted.groupRoles);
  }
  if (isAnother) await forgetIdentities(tx, providerId);
  if (isAnother || isNarrower(before, wanted)) await endSessionsOfProvider(tx, providerId);
  await audit(tx, runtime, "providers.update", before, {
    ...Object.fromEntries(fields.map(([field, value]) => [field, [Reflect.get(before, field), value]])),
    ...(isSameSecret ? {} : { clientSecret: "changed" }),
  });
}

/** Applies changed roles for the groups of a source of the installation, in the root organization. */
export async function reapplyInRoot(
  tx: Transaction,
  { clock, installationId, log }: Pick<Needed, "clock" | "installationId" | "log">,
  { providerId: source, slug: name }: { readonly providerId: string; readonly slug: string },
  groupRoles: Readonly<Record<string, string>> | null,
): Promise<void> {
  const rolesIn = await rootOrganizationId(tx);
  if (rolesIn === null) return;
  const seen = { requestId: newId("request"), ip: null, now: clock.now(), installationId };
  const from = { source, name, organizationId: null };
  for (const kept of await reapplyGroups(tx, seen, from, rolesIn, groupRoles)) logLastOwnerKept(log, seen, from, kept);
}

/** The database returns an object's fields in a different order. */
function isSame(one: unknown, other: unknown): boolean {
  const inOrder = (value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
      : value;
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
}

/** Records in the installation's log what the start changed because of the settings. */
export async function audit(
  tx: Transaction,
  { installationId, clock }: Pick<Needed, "installationId" | "clock">,
  action: string,
  { providerId, slug }: { readonly providerId: string; readonly slug: string },
  changed: Record<string, unknown>,
): Promise<void> {
  await tx.insert(auditEntries).values({
    auditId: newId("audit"),
    organizationId: installationId,
    actorKind: "commandLine",
    requestId: newId("request"),
    action,
    outcome: "done",
    objectKind: "provider",
    objectId: providerId,
    objectName: slug,
    changed,
    createdAt: clock.now(),
  });
}

/**
 * If the trusted header is no longer in the settings, the sessions that it opened and what its groups gave end, as for
 * a provider. If the settings give its groups other roles, those are applied.
 * @param groupRoles the roles that its groups give
 */
export async function ensureTrustedHeader(
  runtime: Pick<Runtime, "database" | "clock" | "installationId" | "log">,
  isOn: boolean,
  groupRoles: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header = { providerId: headerProvider, slug: trustedHeaderButton.slug };
  await runtime.database.transaction("host", null, async (tx) => {
    await reapplyInRoot(tx, runtime, header, isOn ? groupRoles : null);
    if (isOn) return;
    const ended = await tx
      .delete(sessions)
      .where(arrayContains(sessions.methods, ["trusted_header"] satisfies Method[]))
      .returning({ sessionId: sessions.sessionId });
    if (ended.length === 0) return;
    await audit(tx, runtime, "providers.update", header, { enabled: [true, false], endedSessions: ended.length });
  });
}
