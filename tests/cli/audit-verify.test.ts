import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/main";
import type { AuditVerdict } from "../../src/features/audit-log/contract";

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

async function run(words: readonly string[], logs: readonly AuditVerdict[]) {
  const asked: unknown[] = [];
  const text = { out: "", error: "" };
  const code = await runCommandLine(
    ["audit", "verify", ...words],
    {
      run: async () => 9,
      build: async () => 9,
      ask: async (verb, input) => {
        asked.push([verb, input]);
        return { ok: true, result: { logs } };
      },
    },
    {
      out: (more) => {
        text.out += more;
      },
      error: (more) => {
        text.error += more;
      },
    },
  );
  return { code, asked, ...text };
}

test("audit verify says how far each log is intact, and exits with 0 (AUD)", async () => {
  const { code, out, asked } = await run([], [intact]);
  expect([code, asked]).toEqual([0, [["audit verify", {}]]]);
  expect(out).toBe(
    "org_1: intact, 5 entries up to 7; those up to 2 were removed by retention on 2026-01-02; 1 are not sealed yet\n",
  );
});

test("audit verify names the first broken entry, and exits with 1, as JSON too (AUD)", async () => {
  const said = await run([], [intact, broken]);
  expect(said.code).toBe(1);
  expect(said.out).toContain("org_2: BROKEN at entry 8 (aud_8): it is not what was sealed there\n");
  const asJson = await run(["--json"], [broken]);
  expect([asJson.code, JSON.parse(asJson.out)]).toEqual([1, { logs: [broken] }]);
});

test("audit verify hands over a checkpoint that was kept in a file, and an organization (AUD)", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "portcullis-checkpoint-")), "kept.json");
  writeFileSync(file, '{"sequence": 4}');
  const { asked } = await run(["--organization", "org_1", "--checkpoint", file], [intact]);
  expect(asked).toEqual([["audit verify", { organization: "org_1", checkpoint: { sequence: 4 } }]]);
  const missing = await run(["--checkpoint", `${file}.not-there`], [intact]);
  expect([missing.code === 0, missing.asked]).toEqual([false, []]);
});

test("audit verify says what waits to be sealed for too long, and exits with 1", async () => {
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
  expect(none).toMatch(/^org_1: NOT SEALED: 1 entries wait, the oldest is aud_8\. Nothing of it is sealed\. /);
});
