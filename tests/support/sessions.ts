import { cookieNames, csrfTokenOf, encodeSession } from "#src/http/sign-in/cookies";
import { newToken } from "#src/identity/tokens";
import { type Browser, openBrowser } from "./browser";
import type { GivenPerson } from "./people";
import { sessionRows } from "./rows/persons";
import { testOrigin, type World } from "./world";

let lastAddress = 0;

/** Returns an address that no other test uses, because limits count by address. */
function freshAddress(): string {
  lastAddress += 1;
  return `198.19.${lastAddress >> 8}.${lastAddress & 255}`;
}

export interface GivenSession {
  readonly sessionId: string;
  readonly browser: Browser;
}

/** Creates a session of a person in a new browser, as after a sign-in. It neither counts nor delays a sign-in. */
export async function givenSession(
  world: World,
  { userId }: Pick<GivenPerson, "userId">,
  { stage = "full", origin = testOrigin }: { stage?: "full" | "second_factor"; origin?: string } = {},
): Promise<GivenSession> {
  const { runtime } = world;
  const { token, hash } = newToken(runtime.random);
  const local = origin !== testOrigin;
  const { sessionId } = await sessionRows.insert(world.db.owner, { hash, userId, stage, local });
  const browser = openBrowser(world, { origin, ip: local ? "127.0.0.1" : freshAddress() });
  const names = cookieNames(origin);
  browser.cookies.set(names.session, await encodeSession(runtime, token, 86_400));
  browser.cookies.set(names.csrf, csrfTokenOf(runtime, hash));
  return { sessionId, browser };
}
