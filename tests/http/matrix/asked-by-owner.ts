import { givenMember } from "#tests/support/people";
import { type GivenSession, givenSession } from "#tests/support/sessions";
import type { World } from "#tests/support/world";
import { accountRows, publicRows } from "./account-rows";
import { type Acme, insertPerson } from "./acme";
import { rowsOf } from "./rows";

/** Creates an owner of Acme with a session, and an input with which the procedure succeeds for them. */
export async function requestByOwner(
  world: World,
  fixture: Acme,
  procedure: string,
): Promise<{ session: GivenSession; input: Record<string, unknown> }> {
  const person = await insertPerson(world);
  const { organizationId } = fixture.acme;
  await givenMember(world, organizationId, person, "owner");
  const session = await givenSession(world, person);
  const caller = { ...person, sessionId: session.sessionId, password: "none", organizationId };
  const row = rowsOf(fixture)[procedure]?.[0];
  const accountRow = accountRows(world)[procedure]?.[0];
  if (row) return { session, input: await row.input() };
  if (accountRow) return { session, input: await accountRow.input(caller) };
  return { session, input: publicRows[procedure]?.input ?? {} };
}
