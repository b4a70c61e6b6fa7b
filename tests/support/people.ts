import type { Role } from "#src/access/permissions";
import { hashPassword } from "#src/identity/passwords";
import { newId } from "#src/platform/ids";
import { memberRows, userRows } from "./rows/members";
import { passwordRows } from "./rows/persons";
import { registerSecret } from "./secrets";
import type { World } from "./world";

export interface GivenPerson {
  readonly userId: string;
  readonly email: string;
  readonly password: string;
}

/** Passwords with their hashes, used in turn, because computing one hash takes as long as most tests. */
const hashed: Promise<{ password: string; hash: string }>[] = [];
const most = 12;
let given = 0;

function givenPassword(): Promise<{ password: string; hash: string }> {
  const at = given++ % most;
  hashed[at] ??= (async () => {
    const password = registerSecret(`Correct horse ${newId("user").slice(-12)}`);
    return { password, hash: registerSecret(await hashPassword(password, { known: "test" })) };
  })();
  return hashed[at];
}

/** Inserts a person with an account and a password, and without an organization. */
export async function givenPerson(
  world: World,
  email = `${newId("user").slice(-10)}@example.org`,
): Promise<GivenPerson> {
  const { password, hash } = await givenPassword();
  const { userId } = await userRows.insert(world.db.owner, { email });
  await passwordRows.insert(world.db.owner, { userId, hash });
  return { userId, email, password };
}

/** Makes a person a member. With the role null, the person is a member of projects only. @returns the member's id */
export async function givenMember(
  world: World,
  organizationId: string,
  { userId }: Pick<GivenPerson, "userId">,
  role: Role | null,
): Promise<string> {
  const { memberId } = await memberRows.insert(world.db.owner, { organizationId, userId, role });
  return memberId;
}
