import { describe, expect, it } from "vitest";
import { openBrowser } from "../support/browser";
import { givenPerson } from "../support/people";
import { openWorld, type World } from "../support/world";

/** The line that sets the session's cookie, in parts. */
async function cookieAt(world: World, options: { origin?: string; ip?: string }): Promise<string[]> {
  const person = await givenPerson(world);
  const signedIn = await openBrowser(world, options).signIn("password", {
    email: person.email,
    password: person.password,
  });
  expect(signedIn.status).toBe(200);
  const line = signedIn.headers.getSetCookie().find((one) => one.includes("portcullis.session="));
  return (line ?? "").split("; ");
}

describe("the session's cookie (TM-9, TM-10, TM-11, AM-9..12)", () => {
  it("is for the server alone, for TLS alone, for this host and all its paths at a public https address", async () => {
    const world = await openWorld();
    const [pair = "", ...attributes] = await cookieAt(world, {});
    await world.close();
    expect(pair).toMatch(/^__Host-portcullis\.session=/);
    expect(attributes).toEqual(expect.arrayContaining(["HttpOnly", "Secure", "SameSite=Lax", "Path=/"]));
    expect(attributes.filter((one) => one.startsWith("Domain"))).toEqual([]);
  });

  it("needs no TLS at a loopback address of the host", async () => {
    const world = await openWorld();
    const [pair = "", ...attributes] = await cookieAt(world, { origin: "http://127.0.0.1:3000", ip: "127.0.0.1" });
    await world.close();
    expect(pair).toMatch(/^portcullis\.session=/);
    expect(attributes).toEqual(expect.arrayContaining(["HttpOnly", "SameSite=Lax", "Path=/"]));
    expect(attributes).not.toContain("Secure");
  });

  it("is sent from our own pages alone where the setting says strict", async () => {
    const usual = await openWorld();
    const world = await openWorld({ signIn: { ...usual.runtime.signIn, sameSite: "strict" } });
    const [, ...attributes] = await cookieAt(world, {});
    await Promise.all([usual.close(), world.close()]);
    expect(attributes).toContain("SameSite=Strict");
  });
});
