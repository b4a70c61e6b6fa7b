import { describe, expect, it } from "vitest";
import { responseFloorMs } from "#src/identity/sign-in/response-floor";
import { readEnvironment } from "#src/main/settings/environment";
import { signInSettings } from "#src/main/sign-in-settings";

const url = "https://portcullis.example.org";
const signInOf = (environment: Record<string, string>, host = "127.0.0.1") =>
  signInSettings(readEnvironment(environment), url, { host, port: 3000 });

describe("the sign-in settings", () => {
  it("sessions last 24 hours (2 idle), or 7 days (1 idle) if remembered, unless configured (TM-5, TM-6, AM-7)", () => {
    expect(signInOf({})).toMatchObject({
      publicOrigin: url,
      responseFloorMs,
      lifetimes: { session: 86_400, remembered: 604_800, idle: 7_200, idleRemembered: 86_400 },
    });
    const configured = signInOf({
      PORTCULLIS_SESSION_HOURS: "2",
      PORTCULLIS_SESSION_REMEMBER_DAYS: "3",
      PORTCULLIS_SESSION_IDLE_MINUTES: "5",
      PORTCULLIS_SESSION_REMEMBER_IDLE_HOURS: "6",
    });
    expect(configured.lifetimes).toEqual({ session: 7_200, remembered: 259_200, idle: 300, idleRemembered: 21_600 });
  });

  it("sign-in by trusted header is on only if a proxy is configured (TM-35)", () => {
    expect(signInOf({ PORTCULLIS_TRUSTED_HEADER_EMAIL: "X-Mail" }).trustedHeader).toBeNull();
    const { trustedHeader } = signInOf({ PORTCULLIS_TRUSTED_HEADER_PROXIES: "10.0.0.2" });
    expect(trustedHeader).toMatchObject({ proxies: ["10.0.0.2"], emailHeader: "Remote-Email", createsPersons: false });
  });

  it.each(["127.0.0.1", "localhost", "::1", "0.0.0.0", "::"])(
    "people can also sign in at loopback addresses if the server listens at %s (ADR-10, TM-41)",
    (host) => {
      const { localOrigins } = signInOf({}, host);
      expect(localOrigins).toEqual(["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"]);
    },
  );

  it("people can sign in only at the public address if the server listens at no loopback address (ADR-10, ADR-14)", () => {
    expect(signInOf({}, "192.0.2.1").localOrigins).toEqual([]);
  });
});
