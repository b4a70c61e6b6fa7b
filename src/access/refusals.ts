import { sql } from "drizzle-orm";
import type { CountedTry } from "../../drizzle/audit";
import { bucketOf, manyKinds, triesOnTheirOwn } from "../audit/refusal-bucket";
import type { Database } from "../database/database";
import { isUnreachable } from "../database/database-errors";
import type { Refusal } from "../platform/errors/refusal";
import { hasFormOfId, newId } from "../platform/ids";
import { oneBatchAtATime } from "../platform/one-batch-at-a-time";
import type { Organization } from "./organization";
import type { KeyPrincipal, SessionPrincipal } from "./principal";
import type { Runtime } from "./runtime";

/** What the audit log says of who acted; a key or a session that is no longer good is named all the same. */
export type Actor =
  | Pick<KeyPrincipal, "kind" | "apiKeyId" | "name" | "userId" | "serviceAccountId">
  | (Pick<SessionPrincipal, "kind" | "sessionId" | "userId" | "email"> & { readonly methods: readonly string[] })
  | { readonly kind: "commandLine" };

/** Who acted, as columns of the audit log. */
export function actorColumns(request: Pick<RequestOfStranger, "requestId" | "ip">, actor: Actor) {
  const { requestId, ip } = request;
  const nobody = { actorId: null, actorName: null, apiKeyId: null, sessionId: null, authenticatedBy: null };
  if (actor.kind === "commandLine") return { ...nobody, actorKind: actor.kind, requestId, ip };
  if (actor.kind === "session") {
    const { userId: actorId, email: actorName, sessionId } = actor;
    const authenticatedBy = actor.methods.join(",");
    return { ...nobody, actorKind: "person" as const, actorId, actorName, sessionId, authenticatedBy, requestId, ip };
  }
  const { apiKeyId, name: actorName, userId, serviceAccountId } = actor;
  const actorKind = serviceAccountId === null ? ("apiKey" as const) : ("serviceAccount" as const);
  const actorId = serviceAccountId ?? userId ?? apiKeyId;
  return { ...nobody, actorKind, actorId, actorName, apiKeyId, authenticatedBy: "apiKey", requestId, ip };
}

/** What was refused, as the request named it. */
export interface RefusedObject {
  /** The kind of the resource: `application`. */
  readonly kind: string;
  readonly id: string | null;
  /** What it is called, where it was found. */
  readonly name: string | null;
}

/** Records a refused attempt in the actor's organization, in a transaction of its own: the refused one left nothing. */
export async function recordRefusal(
  request: RequestOfStranger,
  actor: Actor,
  organization: Pick<Organization, "organizationId">,
  reason: string,
  object: RefusedObject,
): Promise<void> {
  await writeTry(request.runtime, {
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

/** A request, as far as it is known before anyone is identified. */
export interface RequestOfStranger {
  readonly runtime: Pick<Runtime, "database" | "clock" | "installationId" | "log">;
  readonly requestId: string;
  readonly ip: string | null;
  /** What it is called in the audit log: `security.create`. */
  readonly action: string;
}

/**
 * Audits a refused try of somebody whom nobody knows, in the installation's own log. That nothing can be written is no
 * reason to answer a stranger otherwise.
 * @param reason the true one, where the answer says less
 */
export async function recordStranger(
  request: RequestOfStranger,
  refusal: Refusal,
  reason: string = refusal.reason,
): Promise<void> {
  const { runtime, requestId, ip, action } = request;
  await writeTry(runtime, {
    ...{ actorId: null, actorName: null, apiKeyId: null, sessionId: null, authenticatedBy: null },
    ...{ objectKind: null, objectId: null, objectName: null, changed: null },
    organizationId: runtime.installationId,
    actorKind: "anonymous",
    requestId,
    ip,
    action,
    reason,
  }).catch(() => runtime.log.warn({ requestId, reason }, "a refused try could not be written down"));
}

/** A refused try as it is written down. */
export type RefusedTry = Omit<CountedTry, "auditId" | "createdAt" | "onTheirOwn">;

/** Refused tries that are the same but for the request. */
interface Tries {
  readonly first: CountedTry[];
  all: number;
  /** Why they could not be written. */
  problem?: unknown;
}

/** Tries of one kind by what they are counted under. */
type Batch = Map<string, Tries>;

/** How many kinds are written by one statement: on the embedded database no statement may hold others up for long. */
const kindsOfStatement = 20;

/**
 * One batch at a time: a flood of refused tries waits, and is written together. Each statement is a commit with a flush
 * of the disk, which on the embedded database holds the event loop; so it serves tries of all kinds.
 */
const writeTogether = oneBatchAtATime<Database, CountedTry, Batch>({
  begin: () => new Map(),
  add: (batch, one) => {
    const kind = kindOf(one);
    const tries = batch.get(kind) ?? { first: [], all: 0 };
    batch.set(kind, tries);
    triesOf.set(one, tries);
    tries.all++;
    if (tries.first.length < triesOnTheirOwn) tries.first.push(one);
  },
  send: async (database, batch) => {
    // In the same order everywhere, so that processes that count the same kinds do not wait for each other in a circle.
    const kinds = [...batch].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, tries]) => tries);
    for (let at = 0; at < kinds.length; at += kindsOfStatement) {
      await writeKinds(database, kinds.slice(at, at + kindsOfStatement));
    }
  },
});

/** Which ones a try was written with. */
const triesOf = new WeakMap<CountedTry, Tries>();

const kindOf = (one: CountedTry): string => `${one.organizationId} ${bucketOf(one).key}`;

/** When one statement for all of them fails, each kind has one of its own: what fails then fails for its own tries. */
async function writeKinds(database: Database, kinds: readonly Tries[]): Promise<void> {
  try {
    await database.call(refusalStatement(kinds));
  } catch (problem) {
    if (kinds.length > 1 && !isUnreachable(problem)) for (const one of kinds) await writeKinds(database, [one]);
    else for (const tries of kinds) tries.problem = problem;
  }
}

/** Writes down a refused try, together with others that come at the same time. @throws the database's error */
export async function writeTry(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  refused: RefusedTry,
): Promise<void> {
  const one = countedTry(refused, clock.now());
  await writeTogether(database, "refusals", one);
  const problem = triesOf.get(one)?.problem;
  if (problem !== undefined) throw problem;
}

/** For who has a transaction of their own to write it in: a refused sign-in, say. */
export function countedTry(refused: RefusedTry, now: Date): CountedTry {
  return { ...refused, auditId: newId("audit"), createdAt: now.toISOString(), onTheirOwn: triesOnTheirOwn };
}

/**
 * Writes down refused tries by kind: the first few of a minute as entries of their own, the rest as a count, which the
 * sealer of the audit log makes one entry of when the minute is over.
 * @param kinds of each the first tries, at least one, and how many there are in all
 */
export function refusalStatement(kinds: readonly Pick<Tries, "first" | "all">[]) {
  const rows = kinds.map(({ first, all }) => {
    const [one] = first;
    if (!one) throw new RangeError("there is no try to write down");
    const { actor, key, overflow, most } = bucketOf(one);
    return { first, all, actor, key, overflow, most, now: one.createdAt };
  });
  return sql`select portcullis_refuse(k -> 'first', (k ->> 'all')::integer, k ->> 'actor', k ->> 'key', k ->> 'overflow', ${manyKinds}::text, (k ->> 'most')::integer, (k ->> 'now')::timestamptz) from jsonb_array_elements(${JSON.stringify(rows)}::jsonb) k`;
}

/** A caller's own text is not kept: whoever pastes a password into the wrong field would find it in the log for ever. */
function recordable(id: string): string {
  return hasFormOfId(id) ? id : "";
}
