import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";
import { long } from "#tests/support/length";
import { hasTraefik } from "#tests/support/traefik";
import { startTraefikVerdicts, type TraefikVerdicts } from "#tests/support/traefik-verdict";
import { mutatedFiles } from "./mutations";
import { textSamples, trees } from "./samples";

const seed = Number(process.env.PORTCULLIS_MUTATION_SEED ?? 3);
const count = long(500, 60);

describe.skipIf(!hasTraefik())("the strict reader compared with a real Traefik", () => {
  let traefik: TraefikVerdicts;
  beforeAll(async () => {
    traefik = await startTraefikVerdicts();
  });
  afterAll(() => traefik.stop());

  it("the strict reader and Traefik accept the unchanged samples", async () => {
    const samples = [...trees.map((tree) => ({ extension: ".yml", text: JSON.stringify(tree) })), ...textSamples];
    for (const sample of samples) {
      expect(await traefik.verdictOf(sample)).toBe("accepted");
      expect(readTraefikFile(`a${sample.extension}`, sample.text).state).toBe("accepted");
    }
  });

  it(`the strict reader judges ${count} mutated files as Traefik does (seed ${seed})`, {
    timeout: 300_000,
  }, async () => {
    const verdicts: Record<string, number> = {};
    const differing: unknown[] = [];
    for (const file of mutatedFiles(seed, count)) {
      const verdict = readTraefikFile(`a${file.extension}`, file.text);
      if (verdict.state === "unknown") continue;
      const real = await traefik.verdictOf(file);
      verdicts[real] = (verdicts[real] ?? 0) + 1;
      if (verdict.state !== real) differing.push({ real, verdict, ...file });
      else if (verdict.state === "accepted") {
        const rules = Object.fromEntries(verdict.defines.http.routers.map(({ name, rule }) => [name, rule]));
        const realRules = await traefik.rules();
        if (!isDeepStrictEqual(rules, realRules)) differing.push({ rules, realRules, ...file });
      }
    }
    expect(differing).toEqual([]);
    expect(verdicts.accepted).toBeGreaterThan(count / 5);
    expect(verdicts.refused).toBeGreaterThan(count / 5);
  });
});
