import { tmpdir } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CreatedApplication } from "#src/features/applications/contract";
import type { CreatedCredential } from "#src/features/credentials/contract";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { hasTraefik } from "../support/traefik";

const hostile: Readonly<Record<string, string>> = {
  "a template": '{{ env "HOME" }}',
  "a template that is cut off": "{{",
  "a template of the other kind": "$HOME %(HOME)s {%raw%}",
  "the list separator": "a║b",
  "the list separator before a user": "a║root:$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
  backticks: "a`) || PathPrefix(`/",
  quotes: `a" , 'b' \\"`,
  "a line break": "a\nroot",
  "a carriage return": "a\rb",
  "a tab": "a\tb",
  NUL: "a\u0000b",
  DEL: "a\u007fb",
  "a C1 control": "a\u0085b",
  "a line separator": "a\u2028b",
  "a byte order mark": "\ufeffa",
  "U+FFFE": "a\ufffeb",
  "U+FFFF": "a\uffffb",
  "a noncharacter beyond the first plane": "a\u{1ffff}b",
  "half a character": "a\ud800b",
  "255 bytes": "x".repeat(255),
  "256 bytes": "x".repeat(256),
  "255 bytes of two each": `${"é".repeat(127)}x`,
  "a colon": "a:b",
  "spaces around": " a ",
  YAML: "!!binary |\n - &a *a",
  JSON: '"}]},"http":{"routers":{}}',
  "an emoji": "🗝️",
  "right to left": "a\u202eb",
  "a name of an object's own": "__proto__",
  "nothing visible": "\u200b",
};

describe.skipIf(!hasTraefik())("hostile input, at a real gateway", () => {
  let world: GatewayWorld;
  const canary = { applicationId: "", securityId: "", host: newHost("canary"), password: newPassword() };

  beforeAll(async () => {
    world = await openGatewayWorld();
    const created = await world.tenant.application({
      route: { host: canary.host, upstreams: [{ url: world.upstream.url }] },
      credential: { username: "ada", password: canary.password },
    });
    await world.tenant.enforced(created);
    canary.applicationId = created.applicationId;
    canary.securityId = created.credential?.securityId ?? "";
  });
  afterAll(() => world?.close());

  let read = 0;
  beforeEach(() => {
    read = world.traefik.log().length;
  });

  /** Checks that a change of another application is enforced, and that Traefik logged no error about its files. */
  async function expectOthersWork() {
    const password = newPassword();
    const { securityId, host } = canary;
    await world.tenant.enforced(await world.tenant.ok<CreatedCredential>("security.update", { securityId, password }));
    expect((await world.ask(host)).status).toBe(401);
    expect((await world.ask(host, { user: `ada:${canary.password}` })).status).toBe(401);
    expect((await world.ask(host, { user: `ada:${password}` })).status).toBe(200);
    canary.password = password;
    expect(world.traefik.log().slice(read)).not.toMatch(/ERR|error|panic/i);
  }

  const createUnlessRefused = async (input: Record<string, unknown>) => {
    const answer = await world.tenant.call<CreatedApplication>("applications.create", {
      environmentId: world.tenant.environmentId,
      name: "Wiki",
      credential: { username: "ada", password: newPassword() },
      ...input,
    });
    expect([200, 400]).toContain(answer.status);
    return answer.status === 200 ? answer.data : null;
  };

  async function expectProtected(application: CreatedApplication) {
    await world.tenant.enforced(application);
    const host = application.route?.host.replace("*", "any") ?? "";
    const path = application.route?.pathPrefix ?? "/";
    const { status, headers } = await world.ask(host, { path });
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toMatch(/^Basic realm="[^"\\]*"$/);
    expect(headers["www-authenticate"]).not.toContain(tmpdir()); // the location of HOME of this Traefik
  }

  test("DK-8 a hostile username is refused, or its credential works and admits no other visitor", async () => {
    const host = newHost();
    const application = await createUnlessRefused({ route: { host, upstreams: [{ url: world.upstream.url }] } });
    const created: { username: string; password: string }[] = [];
    let last: CreatedCredential | undefined;
    for (const [what, username] of Object.entries(hostile)) {
      const password = newPassword();
      const { applicationId } = application ?? {};
      const answer = await world.tenant.call<CreatedCredential>("security.create", {
        applicationId,
        username,
        password,
      });
      expect([200, 400], what).toContain(answer.status);
      if (answer.status !== 200) continue;
      created.push({ username, password });
      last = answer.data;
    }
    expect(created.length).toBeGreaterThan(5);
    if (last) await world.tenant.enforced(last);
    for (const { username, password } of created) {
      expect((await world.ask(host, { user: `${username}:${password}` })).status, username).toBe(200);
    }
    for (const user of ["root:password", "a:password", "b:", `root:${created[0]?.password}`]) {
      expect((await world.ask(host, { user })).status, user).toBe(401);
    }
    await expectOthersWork();
  });

  test("a hostile name is refused, or is harmless in the realm and everywhere else", async () => {
    const created = await each((name) =>
      createUnlessRefused({ name, route: { host: newHost(), upstreams: [{ url: world.upstream.url }] } }),
    );
    expect(created.length).toBeGreaterThan(5);
    for (const application of created) await expectProtected(application);
    await expectOthersWork();
  });

  test("a hostile host or label is refused, or is a separate protected host", async () => {
    const created = await each((text) =>
      createUnlessRefused({ route: { host: text, upstreams: [{ url: world.upstream.url }] } }),
    );
    created.push(
      ...(await each((text) =>
        createUnlessRefused({ route: { host: `${text}.${newHost()}`, upstreams: [{ url: world.upstream.url }] } }),
      )),
    );
    for (const application of created) await expectProtected(application);
    await expectOthersWork();
  });

  test("a hostile path prefix is refused, or is a separate protected path", async () => {
    const created = await each((text) =>
      createUnlessRefused({
        route: { host: newHost(), pathPrefix: `/${text}`, upstreams: [{ url: world.upstream.url }] },
      }),
    );
    for (const application of created) await expectProtected(application);
    await expectOthersWork();
  });

  test("a hostile upstream is refused, or leads to a place without a server", async () => {
    const created = await each((text) =>
      createUnlessRefused({ route: { host: newHost(), upstreams: [{ url: text }] } }),
    );
    created.push(
      ...(await each((text) =>
        createUnlessRefused({ route: { host: newHost(), upstreams: [{ url: `http://${text}:9/` }] } }),
      )),
    );
    for (const application of created) await expectProtected(application);
    await expectOthersWork();
  });

  async function each(make: (text: string) => Promise<CreatedApplication | null>): Promise<CreatedApplication[]> {
    const created: CreatedApplication[] = [];
    for (const text of Object.values(hostile)) {
      const application = await make(text);
      if (application) created.push(application);
    }
    return created;
  }
});
