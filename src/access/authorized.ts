import { sql } from "drizzle-orm";
import { rowsOf, type Transaction } from "../database/database";
import { Forbidden, NotFound, Refusal } from "../platform/errors";
import { isRecent } from "../platform/moment";
import { judge } from "./authorization";
import { nameOfObject } from "./name-of-object";
import { type Permission, placeOf } from "./permissions";
import { PremiseChanged } from "./premise-changed";
import { type Arrival, type Facts, type Principal, principalOf } from "./principal";
import { type RefusedObject, recordRefusal, recordStranger } from "./refusals";
import type { Located, ObjectKind, Organization } from "./resources";
import type { Request } from "./runtime";
import { takeKeyRequest } from "./take-key-request";

/** How strongly the object is held while a unit of work runs: `share` keeps a parent there, `update` serializes. */
type Lock = "" | "share" | "update";

/**
 * That this request may do this to this object. Only `Authorized.demand` makes one, so that a verb which takes it
 * cannot be called without the check having been made.
 */
export class Authorized<P extends Permission, K extends ObjectKind> {
  readonly permission: P;
  readonly #kind: K;
  readonly #id: string | null;

  private constructor(
    readonly request: Request,
    readonly principal: Principal,
    readonly organization: Organization,
    readonly object: Located[K],
    demand: { permission: P; kind: K; id: string | null },
  ) {
    this.permission = demand.permission;
    this.#kind = demand.kind;
    this.#id = demand.id;
  }

  /** What the request named: for the audit log. */
  get place(): RefusedObject & { readonly kind: K } {
    return { kind: this.#kind, id: this.#id, name: nameOfObject(this.#kind, this.object) };
  }

  /**
   * Who is asking, where the object is, and whether they may: one statement, then a pure decision.
   * A refusal of a known caller, or of a key or session that was one, is audited in its organization, in a transaction of its own.
   * @param id of the object; `null` for the caller's own organization.
   * @throws Unauthenticated | NotFound | Forbidden, in this order.
   */
  static async demand<P extends Permission, K extends ObjectKind>(
    request: Request,
    permission: P,
    kind: K,
    id: string | null,
  ): Promise<Authorized<P, K>> {
    const { database } = request.runtime;
    const facts = factsOf(await database.call<FactsRow>(authorizeStatement(request, kind, id, "")));
    const principal = await identified(request, facts, { kind, id });
    if (!facts) throw new NotFound();
    touch(request, facts.principal);
    try {
      judge(principal, facts, permission);
    } catch (refusal) {
      const name = facts.object === null ? null : nameOfObject(kind, facts.object as Located[K]);
      await recordRefusal(request, principal, facts.organization, refusal as Refusal, { kind, id, name });
      throw refusal;
    }
    return new Authorized(request, principal, facts.organization, facts.object as Located[K], { permission, kind, id });
  }

  /** Who is asking, and nothing more: for an input that names no object. @throws Unauthenticated */
  static async identify(request: Request): Promise<void> {
    const facts = factsOf(
      await request.runtime.database.call<FactsRow>(authorizeStatement(request, "organization", null, "")),
    );
    await identified(request, facts, { kind: "organization", id: null });
  }

  /**
   * Checks the credential before a large body is read. The request of a key is not counted yet: `demand` counts it.
   * @returns the organization that the request is about
   * @throws Unauthenticated
   */
  static async recognize(request: Request): Promise<string> {
    const statement = authorizeStatement(request, "organization", null, "");
    const facts = factsOf(await request.runtime.database.call<FactsRow>(statement));
    await identified(request, facts, { kind: "organization", id: null }, { counts: false });
    if (!facts) throw new NotFound();
    return facts.organization.organizationId;
  }

  /** Audits what was refused before anybody asked who it is. */
  static async refuse(request: Request, refusal: Refusal): Promise<void> {
    const statement = authorizeStatement(request, "organization", null, "");
    const facts = factsOf(await request.runtime.database.call<FactsRow>(statement));
    const place = { kind: "organization", id: null, name: null } as const;
    if (facts) await recordRefusal(request, facts.principal, facts.organization, refusal, place);
    else await recordStranger(request, refusal);
  }

  /**
   * The same decision again, inside the transaction that is about to write, with the object locked.
   * @throws NotFound gone since | Unauthenticated revoked since | Forbidden lost the role since
   * @throws PremiseChanged a person's own account, and their session is about another organization by now: `afresh` decides
   */
  async again(tx: Transaction, lock: Lock): Promise<Authorized<P, K>> {
    const statement = authorizeStatement(this.request, this.#kind, this.#id, lock);
    return this.#decide(rowsOf<FactsRow>(await tx.execute(statement)), () => {
      if (this.#isOwnAccount()) throw new PremiseChanged("the organization of the session");
      throw elsewhere();
    });
  }

  /** The same decision again, on what is so now; the caller audits a refusal. @throws as `again`, but never PremiseChanged */
  async afresh(): Promise<Authorized<P, K>> {
    const statement = authorizeStatement(this.request, this.#kind, this.#id, "");
    const rows = await this.request.runtime.database.call<FactsRow>(statement);
    return this.#decide(rows, () => {
      if (!this.#isOwnAccount()) throw elsewhere();
    });
  }

  /** A person's account is theirs whichever organization their session is about, and that changes when they join or leave. */
  #isOwnAccount(): boolean {
    return placeOf(this.permission) === "person";
  }

  #decide(rows: readonly FactsRow[], onElsewhere: () => void): Authorized<P, K> {
    const facts = factsOf(rows);
    const principal = principalOf(facts, this.request.presents.kind, arrivalOf(this.request));
    if (!facts) throw new NotFound();
    if (facts.organization.organizationId !== this.organization.organizationId) onElsewhere();
    judge(principal, facts, this.permission);
    return new Authorized(this.request, principal, facts.organization, facts.object as Located[K], {
      permission: this.permission,
      kind: this.#kind,
      id: this.#id,
    });
  }
}

function elsewhere(): Forbidden {
  return new Forbidden("forbidden", "This request belongs to another organization.");
}

interface FactsRow {
  readonly principal: Facts["principal"];
  readonly organization: Organization;
  readonly object: unknown;
  readonly project_id: string | null;
}

function factsOf(rows: readonly FactsRow[]): Facts | null {
  const row = rows[0];
  if (!row) return null;
  const { principal, organization, object, project_id: projectId } = row;
  return { principal, organization, object, projectId };
}

function arrivalOf({ runtime, ip, local }: Request): Arrival {
  return { now: runtime.clock.now(), ip, local };
}

/** Who is asking; a key or session that is no longer good leaves a trace in the organization that it was for. @throws Unauthenticated */
async function identified(
  request: Request,
  facts: Facts | null,
  place: { readonly kind: ObjectKind; readonly id: string | null },
  { counts } = { counts: true },
): Promise<Principal> {
  try {
    const principal = principalOf(facts, request.presents.kind, arrivalOf(request));
    if (facts) request.onIdentified?.(principal, facts.organization);
    if (counts && facts?.principal.kind === "apiKey") {
      await takeKeyRequest(request.runtime, facts.principal, facts.organization);
    }
    return principal;
  } catch (refusal) {
    // A bound of this process says nothing about the caller.
    if (!(refusal instanceof Refusal) || refusal.kind === "unavailable") throw refusal;
    if (facts) await recordRefusal(request, facts.principal, facts.organization, refusal, { ...place, name: null });
    else await recordStranger(request, refusal);
    throw refusal;
  }
}

/** `serviceAccount` → `service_account`, as in the name of its locating function. */
const snakeCase = (kind: ObjectKind): string => kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function authorizeStatement(request: Request, kind: ObjectKind, id: string | null, lock: Lock) {
  const { presents } = request;
  const hash = presents.kind === "commandLine" ? null : presents.hash;
  return sql`select principal, organization, object, project_id from portcullis_authorize(${presents.kind}::text, ${hash}::text, ${presents.organizationId}::text, ${snakeCase(kind)}::text, ${id}::text, ${lock}::text)`;
}

const minute = 60_000;

/** Remembers the use of a key or a session, at most once a minute; nobody waits for it. */
function touch({ runtime, ip }: Request, principal: Facts["principal"]): void {
  const { database, clock, log } = runtime;
  if (principal.kind === "commandLine") return;
  const now = clock.now();
  const last = principal.kind === "apiKey" ? principal.lastUsedAt : principal.lastSeenAt;
  if (isRecent(last, now, minute - 1)) return;
  const at = now.toISOString();
  const statement =
    principal.kind === "apiKey"
      ? sql`select portcullis_touch_key(${principal.apiKeyId}::text, ${at}::timestamptz, ${ip}::text)`
      : sql`select portcullis_touch_session(${principal.sessionId}::text, ${at}::timestamptz)`;
  database
    .call(statement)
    // The error itself may hold what was bound.
    .catch(() => log.warn({ principal: principal.kind }, "the last use was not stored"));
}
