import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pathsIn } from "#src/delivery/applier/gateway-folder";
import { unreadableForTraefik, writeStaticConfiguration } from "#src/delivery/applier/static-configuration";

const group = process.getgid?.() ?? 0;
let above: string;
let folder: string;

beforeEach(async () => {
  above = mkdtempSync(join(tmpdir(), "portcullis-static-"));
  chmodSync(above, 0o750);
  folder = join(above, "local");
  await writeStaticConfiguration({ address: "127.0.0.1:8000", probeAddress: "127.0.0.1:8001" }, { folder, group });
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

test("a new folder is readable by its group", async () => {
  expect(await unreadableForTraefik({ folder, group })).toEqual([]);
});

test("each folder or file that the group cannot read is named", async () => {
  const { applications, static: file } = pathsIn(folder);
  chmodSync(applications, 0o740); // the folder can be listed, but none of its files can be opened
  chmodSync(file, 0o600);
  expect(await unreadableForTraefik({ folder, group })).toEqual([
    `${file} is not readable by group ${group}`,
    `${applications} is not readable by group ${group}`,
  ]);
});

test("a folder of another group is not readable", async () => {
  const other = group + 1;
  const problems = await unreadableForTraefik({ folder, group: other });
  expect(problems).toHaveLength(5);
  expect(problems.at(-1)).toBe(`${above} cannot be entered by group ${other}`);
});

test("a private parent folder blocks Traefik, unless Traefik has the folder mounted", async () => {
  chmodSync(above, 0o700);
  const problems = [`${above} cannot be entered by group ${group}`];
  expect(await unreadableForTraefik({ folder, group })).toEqual(problems);
  expect(await unreadableForTraefik({ folder, group, folderInTraefik: "/etc/gateway" })).toEqual([]);
});

test("without a group, Traefik runs as this user, and no path is checked", async () => {
  mkdirSync(join(above, "empty"));
  writeFileSync(join(above, "empty", "x"), "");
  expect(await unreadableForTraefik({ folder: join(above, "empty") })).toEqual([]);
});
