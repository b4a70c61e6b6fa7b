import { sql } from "drizzle-orm";
import type { CountedTry } from "../../drizzle/audit";
import { bucketOf, manyKinds, triesOnTheirOwn } from "../core/audit/refusal-bucket";
import type { Refusal } from "../core/errors";
import { hasFormOfId, newId } from "../core/ids";
import type { ObjectKind, Organization } from "../core/located";
import type { KeyPrincipal, SessionPrincipal } from "../core/principal";
import type { Database } from "./database";
import { oneBatchAtATime } from "./one-batch-at-a-time";
import type { Request } from "./runtime";

/** What the audit log says of who acted; a key or a session that is no longer good is named all the same. */
type Actor =
  | Pick<KeyPrincipal, "kind" | "apiKeyId" | "name" | "userId" | "serviceAccountId">
  | (Pick<SessionPrincipal, "kind" | "sessionId" | "userId" | "email"> & { readonly methods: readonly string[] })
  | { readonly kind: "commandLine" };

/** Who acted, as columns of the audit log. */
export function actorColumns(request: Pick<Request, "requestId" | "ip">, actor: Actor) {
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
  readonly kind: ObjectKind;
  readonly id: string | null;
  /** What it is called, where it was found. */
  readonly name: string | null;
}

const recorded = new WeakSet<Refusal>();

/**
 * Audits a refused try in the actor's organization, in a transaction of its own: what was refused left no other trace.
 * Once: a refusal that was written down where it was made is not written again where it is answered.
 */
export async function recordRefusal(
  request: Request,
  actor: Actor,
  organization: Pick<Organization, "organizationId">,
  refusal: Refusal,
  object: RefusedObject,
): Promise<void> {
  if (recorded.has(refusal)) return;
  recorded.add(refusal);
  await writeTry(request.runtime, {
    organizationId: organization.organizationId,
    ...actorColumns(request, actor),
    action: request.action,
    reason: refusal.reason,
    objectKind: object.kind,
    objectId: object.id === null ? null : recordable(object.id),
    objectName: object.name,
    changed: null,
  });
}

/** A request of somebody whom nobody knows. */
type StrangersRequest = Pick<Request, "requestId" | "ip" | "action"> & {
  readonly runtime: Pick<Request["runtime"], "database" | "clock" | "installationId" | "log">;
};

/**
 * Audits a refused try of somebody whom nobody knows, in the installation's own log. That nothing can be written is no
 * reason to answer a stranger otherwise.
 * @param reason the true one, where the answer says less
 */
export async function recordStranger(
  request: StrangersRequest,
  refusal: Refusal,
  reason = refusal.reason,
): Promise<void> {
  if (recorded.has(refusal)) return;
  recorded.add(refusal);
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

/** Refused tries that are the same but for the request, and what came of which. */
interface Tries {
  readonly first: CountedTry[];
  all: number;
}

/** One statement at a time for tries of one kind: a flood of them waits, and is written together. */
const writeTogether = oneBatchAtATime<Database, CountedTry, Tries>({
  begin: () => ({ first: [], all: 0 }),
  add: (tries, one) => {
    tries.all++;
    if (tries.first.length < triesOnTheirOwn) tries.first.push(one);
  },
  send: async (database, tries) => {
    await database.call(refusalStatement(tries.first, tries.all));
  },
});

function writeTry({ database, clock }: Pick<Request["runtime"], "database" | "clock">, refused: RefusedTry) {
  const one = countedTry(refused, clock.now());
  return writeTogether(database, `${one.organizationId} ${bucketOf(one).key}`, one);
}

/** For who has a transaction of their own to write it in: a refused sign-in, say. */
export function countedTry(refused: RefusedTry, now: Date): CountedTry {
  return { ...refused, auditId: newId("audit"), createdAt: now.toISOString(), onTheirOwn: triesOnTheirOwn };
}

/**
 * Writes down refused tries of one kind: the first few of a minute as entries of their own, the rest as a count, which
 * the sealer of the audit log makes one entry of when the minute is over.
 * @param first the first of them, at least one
 */
export function refusalStatement(first: readonly CountedTry[], tries = first.length) {
  const [one] = first;
  if (!one) throw new RangeError("there is no try to write down");
  const { actor, key, overflow, most } = bucketOf(one);
  return sql`select portcullis_refuse(${JSON.stringify(first)}::jsonb, ${tries}::integer, ${actor}::text, ${key}::text, ${overflow}::text, ${manyKinds}::text, ${most}::integer, ${one.createdAt}::timestamptz)`;
}

/** A caller's own text is not kept: whoever pastes a password into the wrong field would find it in the log for ever. */
function recordable(id: string): string {
  return hasFormOfId(id) ? id : "";
}
