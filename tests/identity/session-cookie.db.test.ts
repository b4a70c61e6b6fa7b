import { describe, expect, it } from "vitest";
import { openBrowser } from "../support/browser";
import { givenPerson } from "../support/people";
import { openWorld, type World } from "../support/world";

/** Signs in and returns the parts of the `Set-Cookie` line of the session. */
async function sessionCookieParts(world: World, options: { origin?: string; ip?: string }): Promise<string[]> {
  const person = await givenPerson(world);
  const signedIn = await openBrowser(world, options).signIn("password", {
    email: person.email,
    password: person.password,
  });
  expect(signedIn.status).toBe(200);
  const line = signedIn.headers.getSetCookie().find((one) => one.includes("portcullis.session="));
  return (line ?? "").split("; ");
}

describe("the session cookie (TM-9, TM-10, TM-11, AM-9..12)", () => {
  it("the session cookie is __Host-, HttpOnly, Secure and SameSite=Lax at a public https address", async () => {
    const world = await openWorld();
    const [pair = "", ...attributes] = await sessionCookieParts(world, {});
    await world.close();
    expect(pair).toMatch(/^__Host-portcullis\.session=/);
    expect(attributes).toEqual(expect.arrayContaining(["HttpOnly", "Secure", "SameSite=Lax", "Path=/"]));
    expect(attributes.filter((one) => one.startsWith("Domain"))).toEqual([]);
  });

  it("the session cookie is not Secure at a loopback address", async () => {
    const world = await openWorld();
    const [pair = "", ...attributes] = await sessionCookieParts(world, {
      origin: "http://127.0.0.1:3000",
      ip: "127.0.0.1",
    });
    await world.close();
    expect(pair).toMatch(/^portcullis\.session=/);
    expect(attributes).toEqual(expect.arrayContaining(["HttpOnly", "SameSite=Lax", "Path=/"]));
    expect(attributes).not.toContain("Secure");
  });

  it("the session cookie is SameSite=Strict if the setting is strict", async () => {
    const defaultWorld = await openWorld();
    const world = await openWorld({ signIn: { ...defaultWorld.runtime.signIn, sameSite: "strict" } });
    const [, ...attributes] = await sessionCookieParts(world, {});
    await Promise.all([defaultWorld.close(), world.close()]);
    expect(attributes).toContain("SameSite=Strict");
  });
});
