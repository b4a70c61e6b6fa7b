import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Application } from "#src/features/applications/contract";
import type { AuditVerdicts, RotatedSecrets } from "#src/main/host/contract";
import { openAuthenticator } from "../support/authenticator";
import type { Browser } from "../support/browser";
import { type ControlPlane, onHost, startControlPlane } from "../support/control-plane";
import { type Hammer, startHammer, stopHammers } from "../support/hammer";
import { isFull } from "../support/length";
import { findPostgresBinaries } from "../support/postgres-cluster";
import { hasTraefik } from "../support/traefik";
import { dumpedVersions } from "./dump";
import { type KeptApplication, type KeptPerson, publicUrl } from "./kept";
import { logOf } from "./make-installation";
import { browserOver } from "./over-http";
import { type Restored, restored } from "./restored";

const hasPostgres = findPostgresBinaries() !== null;
/** A short run uses the database that most installations have. */
const databases = ["embedded", ...(isFull && hasPostgres ? ["postgres" as const] : [])] as const;
const dumps = dumpedVersions.flatMap((version) => databases.map((kind) => ({ version, kind })));

test("at least one dump exists to upgrade from", () => {
  expect(dumpedVersions).not.toEqual([]);
});

for (const dump of dumps)
  describe.skipIf(!hasTraefik())(
    `an installation of version ${dump.version} (${dump.kind})`,
    { shuffle: false },
    () => {
      let old: Restored;
      let plane: ControlPlane;
      let duringStart: Map<string, Hammer>;

      beforeAll(async () => {
        old = await restored(dump.version, dump.kind);
        const { traefik, kept } = old;
        for (const { host, exposure } of kept.applications)
          await traefik.until({ host }, ({ status }) => status === anonymous(exposure));
        duringStart = new Map(
          kept.applications.map(({ host }) => [host, startHammer(traefik.address, { host, clients: 1, pauseMs: 2 })]),
        );
        plane = await startControlPlane(old.installation);
      });
      afterAll(async () => {
        await stopHammers();
        await plane?.stop("SIGKILL");
        await old?.close();
      });

      const asOwner = (organization: string) => {
        const call = plane.callAs(old.kept.keys[organization] ?? "");
        return {
          ok: async <T>(procedure: string, input: unknown = {}): Promise<T> => {
            const answer = await call<T>(procedure, input);
            expect(answer.status, `${procedure}: ${answer.text}`).toBe(200);
            return answer.data;
          },
        };
      };
      const exposureOf = async ({ organization, applicationId }: KeptApplication) =>
        (await asOwner(organization).ok<Application>("applications.one", { applicationId })).exposure;
      const personWho = (has: (person: KeptPerson) => boolean): KeptPerson => {
        const person = old.kept.people.find(has);
        if (person === undefined) throw new Error("the dump has no such person");
        return person;
      };

      test("every application is proven again, with the same exposure as before", async () => {
        for (const application of old.kept.applications) {
          await expect.poll(async () => (await exposureOf(application)).state).toBe(presentName(application.exposure));
        }
      });

      test("no visitor who was refused before is admitted during the first start", async () => {
        for (const { host, exposure } of old.kept.applications) {
          const tally = await duringStart.get(host)?.stop();
          expect(tally?.answers).toBeGreaterThan(20);
          expect([host, [...(tally?.byStatus.keys() ?? [])]]).toEqual([host, [anonymous(exposure)]]);
        }
      });

      test("the former visitors are admitted with their passwords, and no others", async () => {
        const statusOf = async (host: string, user: string) => (await old.traefik.request({ host, user })).status;
        for (const { host, visitors } of old.kept.applications) {
          for (const user of visitors) {
            expect([user, await statusOf(host, user)]).toEqual([user, upstreamIsDown]);
            expect([user, await statusOf(host, `${user}x`)]).toEqual([user, 401]);
          }
        }
      });

      test("every API key is valid, with the same permissions as before", async () => {
        const { rotator = "", viewer = "", scoped = "" } = old.kept.otherKeys;
        const application = old.kept.applications.find(({ visitors }) => visitors.length > 0);
        const { applicationId } = application ?? { applicationId: "" };
        const statuses = async (key: string) => {
          const call = plane.callAs(key);
          const answers = [
            await call("applications.one", { applicationId }),
            await call("security.list", { applicationId }),
            await call("security.create", { applicationId, username: "eve", password: "a Password of 9 words" }),
          ];
          return answers.map(({ status }) => status);
        };
        expect(await statuses(rotator)).toEqual([200, 200, 403]);
        expect(await statuses(scoped)).toEqual([200, 403, 403]);
        expect(await statuses(viewer)).toEqual([403, 403, 403]); // the application is in another project
      });

      test("people can sign in with every factor that they had", async () => {
        const plain = personWho(({ totp, passkey }) => totp === null && passkey === null);
        expect(await signIn(plain)).toMatchObject({ pending: null });
        const wrong = await browserOver(plane.url).signIn("password", { email: plain.email, password: "not this one" });
        expect(wrong.status).toBe(401);

        const withApp = personWho(({ totp }) => totp !== null);
        const code = new TOTP({ secret: Secret.fromBase32(withApp.totp ?? "") }).generate();
        expect(await signIn(withApp, { code })).toMatchObject({ pending: null });
        expect(await signIn(withApp, { code: withApp.recoveryCodes[0] ?? "" })).toMatchObject({
          pending: null,
        });

        const { passkey } = personWho((person) => person.passkey !== null);
        const browser = browserOver(plane.url);
        const options = await browser.call<{ challenge: string; rpId: string }>("auth.passkeys.challenge", {
          secondFactor: false,
        });
        const response = openAuthenticator(publicUrl, passkey ?? undefined).get(options.data);
        const { status, text } = await browser.signIn("passkey", { response: JSON.stringify(response) });
        expect(status, text).toBe(200);
      });

      /** Signs in with a password, and with a second factor if one is given. @returns the data of the session */
      async function signIn({ email, password }: KeptPerson, secondFactor?: Record<string, string>) {
        const browser: Browser = browserOver(plane.url);
        const first = await browser.signIn("password", { email, password });
        expect(first.status, first.text).toBe(200);
        if (secondFactor !== undefined) {
          const second = await browser.signIn("second-factor", secondFactor);
          expect(second.status, second.text).toBe(200);
        }
        return (await browser.call("auth.session")).data;
      }

      test("an open invitation can be accepted", async () => {
        const [token = ""] = Object.values(old.kept.invitations);
        const fields = { token, password: "a password of a new member 9" };
        expect((await browserOver(plane.url).signIn("invitation", fields)).status).toBe(200);
      });

      test("every entry of the audit logs is unchanged, in an unbroken chain", async () => {
        for (const [organization, entries] of Object.entries(old.kept.audit)) {
          const present = new Map((await logOf(asOwner(organization))).map((entry) => [entry.auditId, entry]));
          expect(entries.length).toBeGreaterThan(5);
          for (const entry of entries) expect(present.get(entry.auditId)).toEqual(entry);
        }
        const { logs } = await onHost<AuditVerdicts>(old.installation, "audit verify", {});
        expect(logs.length).toBeGreaterThan(1);
        expect(logs.filter(({ intact }) => !intact)).toEqual([]);
      });

      test("every sealed value can be decrypted", async () => {
        await plane.stop("SIGTERM");
        const environment = {
          ...old.installation.environment,
          PORTCULLIS_SECRET: randomBytes(32).toString("hex"),
          PORTCULLIS_SECRET_PREVIOUS: old.kept.secret,
        };
        const installation = { ...old.installation, environment };
        plane = await startControlPlane(installation);
        const rotated = await onHost<RotatedSecrets>(installation, "secrets rotate", {});
        expect(rotated).toMatchObject({ unreadable: 0, resealed: old.kept.sealed });
      });
    },
  );

/** Traefik's status for a visitor who passed, because the applications of a dump have no upstream. */
const upstreamIsDown = 502;

/** The current name of an exposure: version 0.1.0 called a closed application `shut`. */
function presentName(exposure: string): string {
  return exposure === "shut" ? "closed" : exposure;
}

/** The status for a visitor without a credential, at an application with this exposure. */
function anonymous(exposure: string): number {
  const status = { protected: 401, closed: 403, public: upstreamIsDown }[presentName(exposure)];
  if (status === undefined) throw new Error(`a dump has no application that is ${exposure}`);
  return status;
}
