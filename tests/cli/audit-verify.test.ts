import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommandLine } from "#src/cli/main";
import type { AuditVerdict } from "#src/features/audit-log/contract";

const intact: AuditVerdict = {
  organizationId: "org_1",
  intact: true,
  firstBroken: null,
  entries: 5,
  sequence: 7,
  hash: "2:ab",
  unsealed: 1,
  removed: { sequence: 2, entries: 2, at: "2026-01-02T03:04:05.000Z" },
};
const broken: AuditVerdict = {
  ...intact,
  organizationId: "org_2",
  intact: false,
  firstBroken: { sequence: 8, auditId: "aud_8", why: "altered" },
};

async function run(options: readonly string[], logs: readonly AuditVerdict[]) {
  const requests: unknown[] = [];
  const text = { out: "", error: "" };
  const code = await runCommandLine(
    ["audit", "verify", ...options],
    {
      run: async () => 9,
      build: async () => 9,
      send: async (verb, input) => {
        requests.push([verb, input]);
        return { ok: true, result: { logs } };
      },
    },
    {
      out: (chunk) => {
        text.out += chunk;
      },
      error: (chunk) => {
        text.error += chunk;
      },
    },
  );
  return { code, requests, ...text };
}

test("audit verify prints how far each log is intact and exits with 0 (AUD)", async () => {
  const { code, out, requests } = await run([], [intact]);
  expect([code, requests]).toEqual([0, [["audit verify", {}]]]);
  expect(out).toBe(
    "org_1: intact, 5 entries up to 7; those up to 2 were removed by retention on 2026-01-02; 1 are not sealed yet\n",
  );
});

test("audit verify prints the first broken entry and exits with 1, with --json too (AUD)", async () => {
  const asText = await run([], [intact, broken]);
  expect(asText.code).toBe(1);
  expect(asText.out).toContain("org_2: BROKEN at entry 8 (aud_8): it differs from the sealed entry\n");
  const asJson = await run(["--json"], [broken]);
  expect([asJson.code, JSON.parse(asJson.out)]).toEqual([1, { logs: [broken] }]);
});

test("audit verify passes on an organization and a checkpoint from a file (AUD)", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "portcullis-checkpoint-")), "kept.json");
  writeFileSync(file, '{"sequence": 4}');
  const { requests } = await run(["--organization", "org_1", "--checkpoint", file], [intact]);
  expect(requests).toEqual([["audit verify", { organization: "org_1", checkpoint: { sequence: 4 } }]]);
  const missing = await run(["--checkpoint", `${file}.missing`], [intact]);
  expect([missing.code === 0, missing.requests]).toEqual([false, []]);
});

test("audit verify prints that entries wait too long to be sealed and exits with 1", async () => {
  const late: AuditVerdict = {
    ...intact,
    intact: false,
    firstBroken: { sequence: 8, auditId: "aud_8", why: "unsealed" },
    unsealed: 3,
  };
  const { code, out } = await run([], [late, { ...late, entries: 0, sequence: 0, unsealed: 1, removed: null }]);
  expect(code).toBe(1);
  const [some, none] = out.split("\n");
  expect(some).toMatch(
    /^org_1: NOT SEALED: 3 entries wait, the oldest is aud_8\. 5 entries up to 7 are intact\. .*start it/,
  );
  expect(none).toMatch(/^org_1: NOT SEALED: 1 entries wait, the oldest is aud_8\. No entry is sealed\. /);
});
