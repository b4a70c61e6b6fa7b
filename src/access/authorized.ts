import { sql } from "drizzle-orm";
import { rowsOf, type Transaction } from "../database/database";
import { Refusal } from "../platform/errors/refusal";
import { isRecent } from "../platform/moment";
import { authorize } from "./authorization";
import { type Organization, organization as organizationResource } from "./organization";
import { levelOf, type Permission } from "./permissions";
import { PremiseChanged } from "./premise-changed";
import { type Arrival, type Facts, type FactsRow, type Principal, principalOf, readFacts } from "./principal";
import type { RefusedObject } from "./refusals";
import type { RequestContext } from "./request-context";
import type { Named } from "./resource";
import { StaleVersion } from "./stale-version";
import { takeKeyRequest } from "./take-key-request";

/**
 * How strongly the object is locked while a unit of work runs: `share` keeps a parent from being deleted, `update`
 * serializes.
 */
type LockStrength = "" | "share" | "update";

/**
 * The proof that this request may do this to this object. Only `Authorized.demand` creates one, so that code which
 * requires it cannot run without the check.
 */
export class Authorized<P extends Permission, O> {
  readonly permission: P;
  readonly #named: Named<O>;

  private constructor(
    readonly request: RequestContext,
    readonly principal: Principal,
    readonly organization: Organization,
    readonly object: O,
    demand: { permission: P; named: Named<O> },
  ) {
    this.permission = demand.permission;
    this.#named = demand.named;
  }

  /** What the request named, for the audit log. */
  get named(): RefusedObject {
    const { resource, id } = this.#named;
    return { kind: resource.kind, id, name: resource.nameOf(this.object) };
  }

  /** The id of the located object. */
  get objectId(): string {
    return this.#named.resource.idOf(this.object);
  }

  /**
   * Compares the version of the object with the versions that the caller expects.
   * @param version of the object as it is now, if it was read again under a stronger lock
   * @throws StaleVersion
   */
  requireVersion(version: number | null = this.#named.resource.versionOf(this.object)): void {
    const { expectedVersions: expected } = this.request;
    if (expected !== null && (version === null || !expected.includes(version))) throw new StaleVersion(version);
  }

  /**
   * Reads the caller, the location of the object and the permissions in one statement, then makes a pure decision.
   * @param named what the request is about
   * @throws Refusal of kind `unauthenticated`, `notFound` or `forbidden`, in this order.
   */
  static async demand<P extends Permission, O>(
    request: RequestContext,
    permission: P,
    named: Named<O>,
  ): Promise<Authorized<P, O>> {
    const { database } = request.runtime;
    const { resource } = named;
    const facts = readFacts(await database.call<FactsRow>(authorizeStatement(request, named, "")), resource.read);
    const about = { kind: resource.kind, id: named.id };
    const name = facts === null || facts.object === null ? null : resource.nameOf(facts.object);
    request.trace.about({ ...about, name });
    const principal = await identified(request, facts);
    if (!facts) throw new Refusal("not_found", about);
    touch(request, facts);
    const object = authorize(principal, facts, permission, about);
    return new Authorized(request, principal, facts.organization, object, { permission, named });
  }

  /** Identifies the caller only, for an input that names no object. @throws Refusal */
  static async identify(request: RequestContext): Promise<void> {
    await identified(request, await factsOfCaller(request));
  }

  /**
   * Checks the credential before a large body is read. A key's request is not counted yet: `demand` counts it.
   * @returns the organization that the request is about
   * @throws Refusal
   */
  static async recognize(request: RequestContext): Promise<string> {
    const facts = await factsOfCaller(request);
    await identified(request, facts, { counts: false });
    if (!facts) throw new Refusal("not_found", { kind: organizationResource.kind, id: null });
    return facts.organization.organizationId;
  }

  /** Finds out who sent a request that is refused before it is authorized, for the audit log. */
  static async attribute(request: RequestContext): Promise<void> {
    const facts = await factsOfCaller(request);
    if (facts) request.trace.identified(facts.principal, facts.organization);
  }

  /**
   * Repeats the decision inside the transaction that is about to write, with the object locked.
   * @throws Refusal the object is gone, or the caller has been revoked or has lost the role
   * @throws PremiseChanged the object is a person's own account, and their session is now about another organization:
   * `afresh` decides
   */
  async again(tx: Transaction, lock: LockStrength): Promise<Authorized<P, O>> {
    const statement = authorizeStatement(this.request, this.#named, lock);
    return this.#decide(rowsOf<FactsRow>(await tx.execute(statement)), () => {
      if (this.#isOwnAccount()) throw new PremiseChanged("the organization of the session");
      throw elsewhere();
    });
  }

  /**
   * Repeats the decision on the current state. The caller of this function audits a refusal. @throws as `again`, but
   * never PremiseChanged
   */
  async afresh(): Promise<Authorized<P, O>> {
    const statement = authorizeStatement(this.request, this.#named, "");
    const rows = await this.request.runtime.database.call<FactsRow>(statement);
    return this.#decide(rows, () => {
      if (!this.#isOwnAccount()) throw elsewhere();
    });
  }

  /**
   * A person's account is theirs in every organization. The organization of the session changes when they join or leave
   * one.
   */
  #isOwnAccount(): boolean {
    return levelOf(this.permission) === "person";
  }

  #decide(rows: readonly FactsRow[], onElsewhere: () => void): Authorized<P, O> {
    const facts = readFacts(rows, this.#named.resource.read);
    const principal = principalOf(facts, this.request.presents.kind, arrivalOf(this.request));
    const { resource, id } = this.#named;
    const about = { kind: resource.kind, id };
    if (!facts) throw new Refusal("not_found", about);
    if (facts.organization.organizationId !== this.organization.organizationId) onElsewhere();
    const object = authorize(principal, facts, this.permission, about);
    const { permission } = this;
    return new Authorized(this.request, principal, facts.organization, object, { permission, named: this.#named });
  }
}

function elsewhere(): Refusal {
  return new Refusal("organization_changed");
}

/** For requests whose object is not known. */
async function factsOfCaller(request: RequestContext): Promise<Facts<Organization> | null> {
  const statement = authorizeStatement(request, { resource: organizationResource, id: null }, "");
  return readFacts(await request.runtime.database.call<FactsRow>(statement), organizationResource.read);
}

function arrivalOf({ runtime, ip, local }: RequestContext): Arrival {
  return { now: runtime.clock.now(), ip, local };
}

/** Identifies the caller. The audit log also names a key or session that has ended. @throws Refusal */
async function identified(
  request: RequestContext,
  facts: Facts | null,
  { counts } = { counts: true },
): Promise<Principal> {
  if (facts) request.trace.identified(facts.principal, facts.organization);
  const principal = principalOf(facts, request.presents.kind, arrivalOf(request));
  if (facts) request.onIdentified?.(principal, facts.organization);
  if (counts && facts?.principal.kind === "apiKey") {
    await takeKeyRequest(request.runtime, facts.principal, facts.organization);
  }
  return principal;
}

function authorizeStatement(request: RequestContext, { resource, id }: Named<unknown>, lock: LockStrength) {
  const { presents } = request;
  const hash = presents.kind === "commandLine" ? null : presents.hash;
  const requested = presents.kind === "commandLine" ? presents.organizationId : presents.organization;
  return sql`select principal, organization, object, project_id from portcullis_authorize(${presents.kind}::text, ${hash}::text, ${requested}::text, ${resource.locator}::text, ${id}::text, ${lock}::text)`;
}

const minute = 60_000;

/** Records the use of a key or a session, at most once a minute, without waiting for the write. */
function touch({ runtime, ip }: RequestContext, { principal, organization }: Facts): void {
  const { database, clock, log } = runtime;
  if (principal.kind === "commandLine") return;
  const now = clock.now();
  const last = principal.kind === "apiKey" ? principal.lastUsedAt : principal.lastSeenAt;
  if (isRecent(last, now, minute - 1)) return;
  const at = now.toISOString();
  const statement =
    principal.kind === "apiKey"
      ? sql`select portcullis_touch_key(${principal.apiKeyId}::text, ${at}::timestamptz, ${ip}::text)`
      : sql`select portcullis_touch_session(${principal.sessionId}::text, ${organization.organizationId}::text, ${at}::timestamptz)`;
  database
    .call(statement)
    // The error itself may contain bound parameters.
    .catch(() => log.warn({ principal: principal.kind }, "the last use was not stored"));
}
