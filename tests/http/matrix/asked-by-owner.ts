import { givenMember } from "../../support/people";
import { type GivenSession, givenSession } from "../../support/sessions";
import type { World } from "../../support/world";
import { accountRows, publicRows } from "./account-rows";
import { type Acme, insertPerson } from "./acme";
import { rowsOf } from "./rows";

/** A new owner of Acme in a browser, and an input with which the procedure does something for them. */
export async function askedByOwner(
  world: World,
  where: Acme,
  procedure: string,
): Promise<{ session: GivenSession; input: Record<string, unknown> }> {
  const person = await insertPerson(world);
  const { organizationId } = where.acme;
  await givenMember(world, organizationId, person, "owner");
  const session = await givenSession(world, person);
  const asking = { ...person, sessionId: session.sessionId, password: "none", organizationId };
  const row = rowsOf(where)[procedure]?.[0];
  const ofAccount = accountRows(world)[procedure]?.[0];
  if (row) return { session, input: await row.input() };
  if (ofAccount) return { session, input: await ofAccount.input(asking) };
  return { session, input: publicRows[procedure]?.input ?? {} };
}
