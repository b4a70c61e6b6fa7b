import { sql } from "drizzle-orm";
import type { CountedAttempt } from "#drizzle/audit";
import { attemptsWithOwnEntry, bucketOf, manyKinds } from "../audit/refusal-bucket";
import type { Database } from "../database/database";
import { isUnreachable } from "../database/database-errors";
import type { Refusal } from "../platform/errors/refusal";
import { hasFormOfId, newId } from "../platform/ids";
import { inPages } from "../platform/in-pages";
import { oneBatchAtATime } from "../platform/one-batch-at-a-time";
import type { Organization } from "./organization";
import type { KeyPrincipal, SessionPrincipal } from "./principal";
import type { Runtime } from "./runtime";

/** What the audit log records about the actor. It also names a key or session that is no longer valid. */
export type Actor =
  | Pick<KeyPrincipal, "kind" | "apiKeyId" | "name" | "userId" | "serviceAccountId">
  | (Pick<SessionPrincipal, "kind" | "sessionId" | "userId" | "email"> & { readonly methods: readonly string[] })
  | { readonly kind: "commandLine" };

/** The actor, as columns of the audit log. */
export function actorColumns(request: Pick<RequestOfStranger, "requestId" | "ip">, actor: Actor) {
  const { requestId, ip } = request;
  const noActor = { actorId: null, actorName: null, apiKeyId: null, sessionId: null, authenticatedBy: null };
  if (actor.kind === "commandLine") return { ...noActor, actorKind: actor.kind, requestId, ip };
  if (actor.kind === "session") {
    const { userId: actorId, email: actorName, sessionId } = actor;
    const authenticatedBy = actor.methods.join(",");
    return { ...noActor, actorKind: "person" as const, actorId, actorName, sessionId, authenticatedBy, requestId, ip };
  }
  const { apiKeyId, name: actorName, userId, serviceAccountId } = actor;
  const actorKind = serviceAccountId === null ? ("apiKey" as const) : ("serviceAccount" as const);
  const actorId = serviceAccountId ?? userId ?? apiKeyId;
  return { ...noActor, actorKind, actorId, actorName, apiKeyId, authenticatedBy: "apiKey", requestId, ip };
}

/** The object of the refused request, as the request named it. */
export interface RefusedObject {
  /** The kind of the resource: `application`. */
  readonly kind: string;
  readonly id: string | null;
  /** Its name, if it was found. */
  readonly name: string | null;
}

/**
 * Records a refused attempt in the actor's organization. It uses its own transaction, because the refused one was
 * rolled back.
 */
export async function recordRefusal(
  request: RequestOfStranger,
  actor: Actor,
  organization: Pick<Organization, "organizationId">,
  reason: string,
  object: RefusedObject,
): Promise<void> {
  await writeAttempt(request.runtime, {
    organizationId: organization.organizationId,
    ...actorColumns(request, actor),
    action: request.action,
    reason,
    objectKind: object.kind,
    objectId: object.id === null ? null : recordable(object.id),
    objectName: object.name,
    changed: null,
  });
}

/** A request, as far as it is known before the caller is identified. */
export interface RequestOfStranger {
  readonly runtime: Pick<Runtime, "database" | "clock" | "installationId" | "log">;
  readonly requestId: string;
  readonly ip: string | null;
  /** Its name in the audit log: `security.create`. */
  readonly action: string;
}

/**
 * Audits a refused attempt of an unidentified caller, in the installation's own log. If the write fails, the response
 * to the caller stays the same.
 * @param reason the true reason, if the response says less
 */
export async function recordStranger(
  request: RequestOfStranger,
  refusal: Refusal,
  reason: string = refusal.reason,
): Promise<void> {
  const { runtime, requestId, ip, action } = request;
  await writeAttempt(runtime, {
    ...{ actorId: null, actorName: null, apiKeyId: null, sessionId: null, authenticatedBy: null },
    ...{ objectKind: null, objectId: null, objectName: null, changed: null },
    organizationId: runtime.installationId,
    actorKind: "anonymous",
    requestId,
    ip,
    action,
    reason,
  }).catch(() => runtime.log.warn({ requestId, reason }, "a refused attempt could not be recorded"));
}

/** A refused attempt, as it is written. */
export type RefusedAttempt = Omit<CountedAttempt, "auditId" | "createdAt" | "onTheirOwn">;

/** Refused attempts that differ only in the request. */
interface AttemptGroup {
  readonly first: CountedAttempt[];
  all: number;
  /** Why they could not be written. */
  problem?: unknown;
}

/** Attempts of one kind, by the key that they are counted under. */
type Batch = Map<string, AttemptGroup>;

/** How many kinds one statement writes. On the embedded database a long statement delays all others. */
const kindsOfStatement = 20;

/**
 * Writes one batch at a time: a flood of refused attempts waits, and is written together. Each statement is a commit
 * with a flush of the disk, which on the embedded database blocks the event loop. One statement therefore writes
 * attempts of all kinds.
 */
const writeTogether = oneBatchAtATime<Database, CountedAttempt, Batch>({
  begin: () => new Map(),
  add: (batch, one) => {
    const kind = kindOf(one);
    const group = batch.get(kind) ?? { first: [], all: 0 };
    batch.set(kind, group);
    groupOf.set(one, group);
    group.all++;
    if (group.first.length < attemptsWithOwnEntry) group.first.push(one);
  },
  send: async (database, batch) => {
    // The order is the same everywhere, so that processes that count the same kinds do not deadlock.
    const kinds = [...batch].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
    for (const page of inPages(kinds, kindsOfStatement)) await writeKinds(database, page);
  },
});

/** The attempts that an attempt was written with. */
const groupOf = new WeakMap<CountedAttempt, AttemptGroup>();

const kindOf = (one: CountedAttempt): string => `${one.organizationId} ${bucketOf(one).key}`;

/**
 * If one statement for all kinds fails, each kind gets its own statement, so that a failure affects only the attempts
 * of its kind.
 */
async function writeKinds(database: Database, kinds: readonly AttemptGroup[]): Promise<void> {
  try {
    await database.call(refusalStatement(kinds));
  } catch (problem) {
    if (kinds.length > 1 && !isUnreachable(problem)) for (const one of kinds) await writeKinds(database, [one]);
    else for (const group of kinds) group.problem = problem;
  }
}

/** Writes a refused attempt, together with others that arrive at the same time. @throws the database's error */
export async function writeAttempt(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  refused: RefusedAttempt,
): Promise<void> {
  const one = countedAttempt(refused, clock.now());
  await writeTogether(database, "refusals", one);
  const problem = groupOf.get(one)?.problem;
  if (problem !== undefined) throw problem;
}

/** For callers that write in their own transaction: a refused sign-in, for example. */
export function countedAttempt(refused: RefusedAttempt, now: Date): CountedAttempt {
  return { ...refused, auditId: newId("audit"), createdAt: now.toISOString(), onTheirOwn: attemptsWithOwnEntry };
}

/**
 * Writes refused attempts by kind: the first few of a minute as separate entries, the rest as a count. The sealer of
 * the audit log turns the count into one entry when the minute is over.
 * @param kinds for each kind its first attempts, at least one, and the total number
 */
export function refusalStatement(kinds: readonly Pick<AttemptGroup, "first" | "all">[]) {
  const rows = kinds.map(({ first, all }) => {
    const [one] = first;
    if (!one) throw new RangeError("a kind needs at least one attempt");
    const { actor, key, overflow, most } = bucketOf(one);
    return { first, all, actor, key, overflow, most, now: one.createdAt };
  });
  return sql`select portcullis_refuse(k -> 'first', (k ->> 'all')::integer, k ->> 'actor', k ->> 'key', k ->> 'overflow', ${manyKinds}::text, (k ->> 'most')::integer, (k ->> 'now')::timestamptz) from jsonb_array_elements(${JSON.stringify(rows)}::jsonb) k`;
}

/** A caller's own text is not stored: a password that was pasted into the wrong field would stay in the log forever. */
function recordable(id: string): string {
  return hasFormOfId(id) ? id : "";
}
