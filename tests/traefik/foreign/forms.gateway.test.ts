import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";
import { hasTraefik } from "#tests/support/traefik";
import { startTraefikVerdicts, type TraefikVerdicts } from "#tests/support/traefik-verdict";
import { forms } from "./forms";

describe.skipIf(!hasTraefik())("a real Traefik", () => {
  let traefik: TraefikVerdicts;
  beforeAll(async () => {
    traefik = await startTraefikVerdicts();
  });
  afterAll(() => traefik.stop());

  const rows = forms.map((form) => [form.traefik, form.says, form] as const);
  it.each(rows)("a real Traefik has %s a file with %s", async (_, __, { text, traefik: expected }) => {
    expect(await traefik.verdictOf({ extension: ".yml", text })).toBe(expected);
    const verdict = readTraefikFile("a.yml", text);
    if (verdict.state !== "accepted") return;
    const rules = Object.fromEntries(verdict.defines.http.routers.map(({ name, rule }) => [name, rule]));
    expect(rules).toEqual(await traefik.rules());
  });
});
