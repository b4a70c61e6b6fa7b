import { sql } from "drizzle-orm";
import type { CreatedOrganization, SetUp } from "../../contracts/break-glass";
import { Conflict } from "../../core/errors";
import { findFoundingOrganization, type HostRuntime, hostWork } from "./host-work";
import { insertOrganization } from "./insert-organization";

/** Any number that nobody else locks in this database. */
const setUpLock = 7_402_118_336;

/**
 * Makes the first operator, the founding organization (its routes may lead anywhere, loopback included) and its first
 * key. The key is in this answer alone.
 * @throws Conflict `already_set_up`
 */
export function setUp(runtime: HostRuntime, input: SetUp): Promise<CreatedOrganization> {
  return hostWork(runtime, "setup", async (work) => {
    await work.tx.execute(sql`select pg_advisory_xact_lock(${setUpLock}::bigint)`);
    if ((await findFoundingOrganization(work.tx)) !== null) {
      throw new Conflict(
        "already_set_up",
        'This installation is set up already; "organization create" makes another organization, "key create" another key.',
      );
    }
    return insertOrganization(work, {
      name: input.organization,
      email: input.email,
      ownerName: input.name ?? null,
      upstreams: "any",
      founding: true,
      expiresInDays: input.expiresInDays,
    });
  });
}
