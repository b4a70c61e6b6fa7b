import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Runtime } from "#src/access/runtime";
import { makeSigner } from "#src/database/signing";
import { setSessionCookies } from "#src/http/sign-in/session-cookies";

const token = "t".repeat(43);

/** The lines of `Set-Cookie` for a session of an hour, with the values left out. */
async function linesAt(origin: string, sameSite: "lax" | "strict", before: readonly string[] = []): Promise<string[]> {
  const runtime: Pick<Runtime, "signer" | "signIn"> = {
    signer: makeSigner([randomBytes(32)]),
    signIn: {
      publicOrigin: origin,
      localOrigins: [],
      sameSite,
      trustedProxies: [],
      trustedHeader: null,
      responseFloorMs: 0,
      keyCreationsPerHour: 0,
      lifetimes: { session: 1, remembered: 1, idle: 1, idleRemembered: 1 },
    },
  };
  const headers = new Headers();
  for (const line of before) headers.append("set-cookie", line);
  await setSessionCookies(headers, { runtime, origin }, { token, maxAge: 3_600 });
  return headers.getSetCookie().map((line) => line.replace(/=[\w.-]{20,};/, "=…;"));
}

describe("the cookies of a session", () => {
  it("the cookies of a session are bound to the host by their prefix, and to TLS", async () => {
    expect(await linesAt("https://portcullis.example.org", "lax")).toEqual([
      "__Host-portcullis.session=…; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax",
      "__Host-portcullis.csrf=…; Max-Age=3600; Path=/; Secure; SameSite=Lax",
    ]);
  });

  it("the cookies of a session are bound to neither host nor TLS at an address without TLS", async () => {
    expect(await linesAt("http://127.0.0.1:3000", "strict")).toEqual([
      "portcullis.session=…; Max-Age=3600; Path=/; HttpOnly; SameSite=Strict",
      "portcullis.csrf=…; Max-Age=3600; Path=/; SameSite=Strict",
    ]);
  });

  it("the cookies of a session replace an earlier session cookie, and no cookie with a similar name", async () => {
    const before = ["portcullis.session=old; Path=/", "portcullis.session.0=kept", "portcullis.state=; Max-Age=0"];
    const [kept, ended, session] = await linesAt("http://127.0.0.1:3000", "lax", before);
    expect([kept, ended]).toEqual(before.slice(1));
    expect(session).toMatch(/^portcullis\.session=…;/);
  });
});
