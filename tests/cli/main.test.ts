import { describe, expect, test } from "vitest";
import { runCommandLine } from "#src/cli/main";
import type { BreakGlassResponse } from "#src/main/host/contract";

interface HostRequest {
  readonly verb: string;
  readonly input: unknown;
}

async function run(commandLine: string, answer: BreakGlassResponse = { ok: true, result: created }) {
  const requests: HostRequest[] = [];
  const modes: string[] = [];
  let out = "";
  let error = "";
  const code = await runCommandLine(
    commandLine.split(" "),
    {
      run: async (mode) => {
        modes.push(mode);
        return 3;
      },
      build: async () => 4,
      send: async (verb, input) => {
        requests.push({ verb, input });
        return answer;
      },
    },
    {
      out: (text) => {
        out += text;
      },
      error: (text) => {
        error += text;
      },
    },
  );
  return { code, requests, modes, out, error };
}

const created = {
  organizationId: "org_1",
  userId: "usr_1",
  apiKey: { apiKeyId: "key_1", key: "pcl_1" },
  setupUrl: "https://portcullis.example.org/setup#t0ken",
};

describe("the command line", () => {
  test("setup passes on its options and prints nothing but the result with --json", async () => {
    const outcome = await run("setup --email ada@example.org --organization Acme --name Ada --json");
    expect(outcome.requests).toEqual([
      { verb: "setup", input: { email: "ada@example.org", organization: "Acme", name: "Ada" } },
    ]);
    expect(outcome.out).toBe(`${JSON.stringify(created)}\n`);
    expect(outcome).toMatchObject({ code: 0, error: "" });
  });

  test("setup prints the key and the link once, with the ids", async () => {
    const { out } = await run("setup --email ada@example.org --organization Acme");
    expect(out.match(/pcl_1/g)).toHaveLength(1);
    expect(out.trimEnd().split("\n").at(-1)).toBe(created.setupUrl);
    expect(out).toContain("org_1");
  });

  test("a refusal is one line on standard error, no output on standard output, and exit code 1", async () => {
    const outcome = await run("setup --email a@b.org --organization A --json", { ok: false, message: "It is set up." });
    expect(outcome).toMatchObject({ code: 1, out: "", error: "portcullis: It is set up.\n" });
  });

  test("organization create uses checked upstreams by default", async () => {
    const { requests } = await run("organization create --name Beta --owner bob@example.org --json");
    expect(requests).toEqual([
      { verb: "organization create", input: { name: "Beta", owner: "bob@example.org", upstreams: "checked" } },
    ]);
    const open = await run("organization create --name Beta --owner bob@example.org --upstreams any --json");
    expect(open.requests[0]?.input).toMatchObject({ upstreams: "any" });
  });

  test("key create accepts a built-in role and a number of days", async () => {
    const { requests } = await run(
      "key create --organization org_1 --name ci --role viewer --expires-in-days 30 --json",
    );
    expect(requests).toEqual([
      { verb: "key create", input: { organization: "org_1", name: "ci", role: "viewer", expiresInDays: 30 } },
    ]);
  });

  test.each([
    ["key create --organization org_1 --name ci --role root", /--role.*viewer, developer, admin, owner/],
    ["key create --organization org_1 --name ci", /--role/],
    ["key create --organization org_1 --name ci --role viewer --expires-in-days soon", /whole number of days/],
    ["setup --organization Acme", /--email/],
    ["organization create --name Beta --owner b@example.org --upstreams some", /any, checked/],
    ["setup --email a@b.org --organization Acme --colour red", /unknown option/],
    ["fly", /unknown command/],
  ])("%s is rejected in one line before a request is sent", async (commandLine, message) => {
    const outcome = await run(commandLine);
    expect(outcome).toMatchObject({ code: 1, requests: [], out: "" });
    expect(outcome.error).toMatch(message);
    expect(outcome.error.trimEnd()).not.toContain("\n");
  });

  test("gateway adopt uses the local gateway by default", async () => {
    const { requests } = await run("gateway adopt --json", { ok: true, result: { gatewayId: "gtw_1", folder: "/x" } });
    expect(requests).toEqual([{ verb: "gateway adopt", input: { gateway: "local" } }]);
  });

  test.each(["reset-password", "reset-second-factor"])("operator %s prints the link on its own line", async (verb) => {
    const url = "https://portcullis.example.org/setup#t0ken";
    const result = {
      userId: "usr_1",
      email: "ada@example.org",
      endedSessions: 2,
      url,
      expiresAt: "2026-11-20T10:30:00.000Z",
    };
    const { requests, out } = await run(`operator ${verb} ada@example.org`, { ok: true, result });
    expect(requests).toEqual([{ verb: `operator ${verb}`, input: { email: "ada@example.org" } }]);
    expect(out.trimEnd().split("\n").at(-1)).toBe(url);
    expect(out).toContain("2 sessions of ada@example.org have ended.");
    const json = await run(`operator ${verb} ada@example.org --json`, { ok: true, result });
    expect(JSON.parse(json.out)).toEqual(result);
  });

  test("operator unlock prints that the person can sign in again", async () => {
    const result = { userId: "usr_1", email: "ada@example.org", wasLocked: true };
    const { requests, out } = await run("operator unlock ada@example.org", { ok: true, result });
    expect(requests).toEqual([{ verb: "operator unlock", input: { email: "ada@example.org" } }]);
    expect(out).toBe("ada@example.org can sign in again.\n");
  });

  test("operator list prints one line for each person", async () => {
    const ada = {
      userId: "usr_1",
      email: "ada@example.org",
      name: "Ada",
      organizations: [{ organizationId: "org_1", name: "Acme", role: "owner" }],
      password: "set",
      totp: true,
      passkeys: 2,
      locked: false,
    };
    const bob = {
      ...ada,
      email: "bob@example.org",
      name: null,
      organizations: [],
      password: "must_change",
      totp: false,
      passkeys: 0,
      locked: true,
    };
    const { out } = await run("operator list", { ok: true, result: { operators: [ada, bob] } });
    expect(out).toBe(
      "ada@example.org (Ada): owner of Acme; password, authenticator app, 2 passkeys\nbob@example.org: no organization; password to be chosen, LOCKED\n",
    );
    expect((await run("operator list", { ok: true, result: { operators: [] } })).out).toBe(
      "There are no accounts yet.\n",
    );
  });

  test.each(["reset-password", "reset-second-factor", "unlock"])("operator %s accepts no password", async (verb) => {
    for (const commandLine of [
      `operator ${verb}`,
      `operator ${verb} ada@example.org --password x`,
      `operator ${verb} ada@example.org x`,
    ]) {
      expect(await run(commandLine)).toMatchObject({ code: 1, requests: [], out: "" });
    }
  });

  test("secrets rotate prints how many values were re-encrypted and how many could not be decrypted", async () => {
    const result = { total: 12, resealed: { gateways: 2, security: 10 }, unreadable: 0 };
    const { requests, out } = await run("secrets rotate", { ok: true, result });
    expect(requests).toEqual([{ verb: "secrets rotate", input: {} }]);
    expect(out).toContain("12 values were re-encrypted (gateways 2, security 10).");
    const withUnreadable = await run("secrets rotate", { ok: true, result: { ...result, unreadable: 3 } });
    expect(withUnreadable.out).toContain("3 values cannot be decrypted with any configured secret");
  });

  test("start and dev run the server, build does not, and all exit with its code", async () => {
    expect(await run("start")).toMatchObject({ code: 3, modes: ["production"] });
    expect(await run("build")).toMatchObject({ code: 4, modes: [] });
    expect(await run("dev")).toMatchObject({ code: 3, modes: ["development"] });
  });
});
